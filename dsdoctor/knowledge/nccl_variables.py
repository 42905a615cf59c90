"""Variables that take fast paths away from NCCL: their harmful values and what these do."""

from __future__ import annotations

LOCAL = {
    "NCCL_P2P_DISABLE": ({"1"}, "GPUs of a host exchange data through its memory"),
    "NCCL_P2P_LEVEL": ({"LOC", "0"}, "GPUs of a host exchange data through its memory"),
    "NCCL_SHM_DISABLE": ({"1"}, "ranks of a host talk over the network where P2P does not work"),
}
"""Variables that slow the traffic within a host."""

REMOTE = {
    "NCCL_IB_DISABLE": ({"1"}, "hosts talk over TCP, not over InfiniBand or RoCE"),
    "NCCL_NET": ({"Socket", "socket", "SOCKET"}, "hosts talk over TCP, whatever else there is"),
    "NCCL_NET_GDR_LEVEL": ({"LOC", "0"}, "data for other hosts is copied through host memory"),
}
"""Likewise between hosts."""
