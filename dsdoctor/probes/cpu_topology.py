"""Which CPUs there are and which of them this process may use."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdoctor.probes.cgroups import cpu_quota
from dsdoctor.probes.clients.host import Host

CPUS = "/sys/devices/system/cpu"
MAX_CPUS = 8192
_ALLOWED = re.compile(r"^Cpus_allowed_list:\s*(\S+)", re.MULTILINE)
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


@dataclass(frozen=True, slots=True)
class Cpus:
    """CPUs as the kernel counts them: hardware threads.

    Args:
        online: those of the machine.
        allowed: those that this process may run on, by its affinity and cpuset.
        cores: how many physical cores, counted as psutil does for the deepspeed launcher.
        quota: CPUs' worth of time that the cgroup grants; None without a limit.
        quota_file: what says so.
    """

    online: tuple[int, ...]
    allowed: tuple[int, ...]
    cores: int
    quota: float | None = None
    quota_file: str = ""

    @property
    def usable(self) -> float:
        """CPUs' worth of time that all processes together can get."""
        return min(float(len(self.allowed)), self.quota or MAX_CPUS)


def cpus_of(host: Host) -> Cpus | None:
    """The CPUs; None where the kernel does not tell (no Linux)."""
    online = cpu_numbers(host.read(f"{CPUS}/online") or "")
    if not online:
        return None
    allowed = _ALLOWED.search(host.read("/proc/self/status") or "")
    inside = cpu_numbers(allowed[1]) if allowed else ()
    quota = cpu_quota(host)
    return Cpus(
        online=online,
        allowed=tuple(number for number in inside if number in set(online)) or online,
        cores=_cores(host, online),
        quota=quota[0] if quota else None,
        quota_file=quota[1] if quota else "",
    )


def cpu_numbers(text: str) -> tuple[int, ...]:
    """The kernel's ``0-3,8`` in full; empty if it is no such list."""
    found: list[int] = []
    for part in text.strip().split(","):
        ends = _RANGE.fullmatch(part)
        if ends is None or int(ends[2] or ends[1]) >= MAX_CPUS:
            return ()
        found += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    return tuple(found[:MAX_CPUS])


def _cores(host: Host, online: tuple[int, ...]) -> int:
    """Each core once, however many hardware threads it has."""
    seen = set()
    for number in online:
        folder = f"{CPUS}/cpu{number}/topology"
        text = host.read(f"{folder}/core_cpus_list") or host.read(f"{folder}/thread_siblings_list")
        seen.add((text or str(number)).strip())
    return len(seen)
