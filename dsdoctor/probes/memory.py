"""Host memory (RAM): how much there is for the job, and what its offload needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.cgroups import memory_limit, memory_used
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.gpu_common import GIB, gib
from dsdoctor.probes.offload_needs import Needs, offload_needs
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

NEARLY_FULL, LARGEST, SWAPPED = "DSM035", "DSM083", "DSM084"
FILE = "/proc/meminfo"
LITTLE = 0.1
MUCH_SWAPPED = 0.05
_LINE = re.compile(r"^(\w+(?:\(\w+\))?):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``limit_file`` names the cgroup's limit where it is below the machine's RAM."""

    total: int
    free: int
    swap: int
    swapped: int
    reserved: int
    limit: int | None = None
    limit_file: str = ""

    @property
    def usable(self) -> int:
        """What all ranks on this host can have together; huge pages are withheld."""
        return min(self.total - self.reserved, self.limit or self.total)


def look(site: Site) -> Reading:
    """RAM, the limit on it, swap, and the largest model that the offload could serve."""
    memory = memory_of(site.host)
    if memory is None:
        raise Skip(f"no Linux: no {FILE}")
    needs = offload_needs(site.job) if site.job else None
    facts = _facts(memory)
    summary = _summary(memory)
    if needs:
        largest = memory.usable * site.hosts / needs.each
        facts |= {"offload_bytes_per_parameter": needs.each, "largest_model": _rounded(largest)}
        summary += f"; offloads a model of at most {_params(largest)} parameters"
    complaints = (*_nearly_full(memory), *_swapped(memory), *_largest(memory, needs, site.hosts))
    return Reading(summary, complaints, facts)


def memory_of(host: Host) -> Memory | None:
    """What the kernel says; None where there is no /proc."""
    found = {name: int(size) << 10 for name, size in _LINE.findall(host.read(FILE) or "")}
    if "MemTotal" not in found:
        return None
    total, free = found["MemTotal"], found.get("MemAvailable", found.get("MemFree", 0))
    limit = memory_limit(host)
    if limit and limit[0] < total:
        used = memory_used(host, limit) or 0
        free = min(free, max(0, limit[0] - used + _cached(host, limit[1])))
    else:
        limit = None
    swap = found.get("SwapTotal", 0)
    swapped = swap - found.get("SwapFree", swap)
    reserved = found.get("Hugetlb", 0)
    return Memory(total, free, swap, swapped, reserved, *(limit or ()))


def _cached(host: Host, limit_file: str) -> int:
    """File pages that the kernel gives back before it refuses anything."""
    text = host.read(f"{limit_file.rpartition('/')[0]}/memory.stat") or ""
    found = re.findall(r"^(?:total_)?inactive_file (\d+)", text, re.MULTILINE)
    return max((int(size) for size in found), default=0)


def _facts(memory: Memory) -> dict[str, Any]:
    return {
        "ram_gib": round(memory.total / GIB),
        "limit_gib": round(memory.limit / GIB) if memory.limit else None,
        "swap_gib": round(memory.swap / GIB),
        "huge_pages_gib": round(memory.reserved / GIB),
    }


def _summary(memory: Memory) -> str:
    if memory.limit:
        return f"{gib(memory.limit)} of {gib(memory.total)}, limited by the cgroup"
    return f"{gib(memory.total)}, {gib(memory.swap)} swap" if memory.swap else gib(memory.total)


def _nearly_full(memory: Memory) -> Iterator[Complaint]:
    if memory.free < LITTLE * memory.usable:
        values = {"free": gib(memory.free), "usable": gib(memory.usable)}
        evidence = Evidence(memory.limit_file or FILE, 0, f"{values['free']} can be had")
        yield Complaint(NEARLY_FULL, values, (evidence,), Severity.WARNING)


def _swapped(memory: Memory) -> Iterator[Complaint]:
    """Swap in use says that RAM was short, perhaps long ago."""
    if memory.swapped > max(GIB, MUCH_SWAPPED * memory.total):
        values = {"swapped": gib(memory.swapped), "swap": gib(memory.swap)}
        evidence = Evidence(FILE, 0, f"SwapTotal {values['swap']}, {values['swapped']} in use")
        yield Complaint(SWAPPED, values, (evidence,))


def _largest(memory: Memory, needs: Needs | None, hosts: int) -> Iterator[Complaint]:
    if needs is None:
        return
    values: Mapping[str, str] = {
        "params": _params(memory.usable * hosts / needs.each),
        "each": str(needs.each),
        "parts": ", ".join(needs.parts),
        "memory": gib(memory.usable) if hosts == 1 else f"{hosts} x {gib(memory.usable)}",
    }
    evidence = Evidence(memory.limit_file or FILE, 0, f"{gib(memory.usable)} for all ranks")
    yield Complaint(LARGEST, values, (evidence,))


def _params(number: float) -> str:
    """``13 billion``; no more digits than the estimate is worth."""
    if number >= 1e9:
        return f"{number / 1e9:.2g} billion" if number < 1e11 else f"{number / 1e9:.0f} billion"
    return f"{number / 1e6:.0f} million"


def _rounded(number: float) -> float:
    return float(f"{number:.2g}")


PROBES: tuple[Probe, ...] = (Probe("memory", "host memory (RAM)", look),)
