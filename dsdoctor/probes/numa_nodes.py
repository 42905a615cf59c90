"""The NUMA nodes of a machine, and which of them its devices are connected to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.cpu_topology import cpu_numbers

NODES = "/sys/devices/system/node"
MAX_NODES = 1024
_CARDS = ("/sys/class/infiniband", "/sys/class/net")
_NAME = re.compile(r"node(\d+)$")
_NUMBER = re.compile(r"\d{1,4}")


@dataclass(frozen=True, slots=True)
class Node:
    """A NUMA node and its CPUs. One without CPUs is memory only."""

    number: int
    cpus: tuple[int, ...]


def nodes_of(host: Host) -> tuple[Node, ...]:
    """In the order of their numbers; empty where the kernel does not tell."""
    names = [_NAME.match(name) for name in host.list(NODES)]
    numbers = sorted(int(found[1]) for found in names if found)[:MAX_NODES]
    return tuple(
        Node(number, cpu_numbers(host.read(f"{NODES}/node{number}/cpulist") or ""))
        for number in numbers
    )


def node_of_gpu(host: Host, gpu: Gpu) -> int | None:
    """None where firmware or a virtual machine does not tell."""
    return _number(host.read(f"/sys/bus/pci/devices/{gpu.bus}.0/numa_node"))


def nodes_of_cards(host: Host) -> Mapping[str, int]:
    """Of InfiniBand devices and network interfaces, by name."""
    found = {}
    for folder in _CARDS:
        for name in host.list(folder):
            node = _number(host.read(f"{folder}/{name}/device/numa_node"))
            if node is not None:
                found[name] = node
    return found


def _number(text: str | None) -> int | None:
    """The kernel writes -1 for "nobody knows"."""
    return int(text) if text and _NUMBER.fullmatch(text.strip()) else None
