"""A host with two sockets, after /sys of real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.unit.probes.fakes import FakeHost, said

CPU = "/sys/devices/system/cpu"
NODE = "/sys/devices/system/node"
PCI = "/sys/bus/pci/devices"
NUMACTL = {"numactl": said()}


def two_sockets(
    gpu_nodes: Sequence[int] = (0, 0, 0, 0, 1, 1, 1, 1),
    *,
    interleaved: bool = False,
    allowed: str = "0-31",
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    numactl: bool = True,
) -> FakeHost:
    """16 cores with two threads each; core ``n`` and CPU ``n + 16`` are one.

    Node 0 has the lower half of the cores, or where ``interleaved`` the even ones. GPUs have the
    bus numbers of ``fakes_gpus.gpu``.
    """
    low = "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30" if interleaved else "0-7,16-23"
    high = "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31" if interleaved else "8-15,24-31"
    found = {
        f"{CPU}/online": "0-31\n",
        "/proc/self/status": f"Cpus_allowed_list:\t{allowed}\n",
        f"{NODE}/online": "0-1\n",
        f"{NODE}/node0/cpulist": f"{low}\n",
        f"{NODE}/node1/cpulist": f"{high}\n",
        "/sys/class/infiniband/mlx5_0/device/numa_node": "1\n",
        "/sys/class/net/eth0/device/numa_node": "-1\n",
    }
    for number in range(32):
        siblings = f"{number % 16},{number % 16 + 16}\n"
        found[f"{CPU}/cpu{number}/topology/core_cpus_list"] = siblings
    for index, node in enumerate(gpu_nodes):
        found[f"{PCI}/0000:{index + 6:02x}:00.0/numa_node"] = f"{node}\n"
    return FakeHost(
        {**found, **(files or {})},
        environment=environment,
        commands=NUMACTL if numactl else None,
    )
