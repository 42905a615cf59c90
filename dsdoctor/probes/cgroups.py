"""The limits of this process's cgroups, version 1 and 2: the tightest of all levels."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from dsdoctor.probes.clients.host import Host

ROOT = "/sys/fs/cgroup"
MAX_LEVELS = 32
NO_LIMIT = 1 << 60
"""Version 1 writes a number near 2**63 where there is no limit."""
_USED = ("memory.current", "memory.usage_in_bytes")
_DIGITS = re.compile(r"[0-9]{1,20}")
_QUOTA = re.compile(r"([0-9]{1,20}) ([1-9][0-9]{0,19})")

Limit = tuple[int, str]
"""A limit and the file that sets it."""


def memory_limit(host: Host) -> Limit | None:
    """Bytes of RAM; None where no cgroup limits them."""
    return _least(host, "memory", "memory.max", "memory.limit_in_bytes")


def pids_limit(host: Host) -> Limit | None:
    """Processes and threads together."""
    return _least(host, "pids", "pids.max", "pids.max")


def memory_used(host: Host, limit: Limit) -> int | None:
    """Bytes that count towards ``limit``."""
    folder = posixpath.dirname(limit[1])
    found = (_number(host, f"{folder}/{name}") for name in _USED)
    return next((size for size in found if size is not None), None)


def cpu_quota(host: Host) -> tuple[float, str] | None:
    """CPUs' worth of time, and the file that says so."""
    found = [*_quotas_v2(host), *_quotas_v1(host)]
    return min(found, default=None)


def _quotas_v2(host: Host) -> Iterator[tuple[float, str]]:
    for folder in _folders(host, ""):
        found = _QUOTA.fullmatch((host.read(f"{folder}/cpu.max") or "").strip())
        if found:
            yield int(found[1]) / int(found[2]), f"{folder}/cpu.max"


def _quotas_v1(host: Host) -> Iterator[tuple[float, str]]:
    for folder in _folders(host, "cpu"):
        quota = _number(host, f"{folder}/cpu.cfs_quota_us")
        period = _number(host, f"{folder}/cpu.cfs_period_us")
        if quota and period:
            yield quota / period, f"{folder}/cpu.cfs_quota_us"


def _least(host: Host, controller: str, name: str, old_name: str) -> Limit | None:
    places = [f"{folder}/{name}" for folder in _folders(host, "")]
    places += [f"{folder}/{old_name}" for folder in _folders(host, controller)]
    found = [(_number(host, place), place) for place in places]
    return min(
        ((size, place) for size, place in found if size is not None and size < NO_LIMIT),
        default=None,
    )


def _number(host: Host, path: str) -> int | None:
    """None also for "max" and -1, which are no limits."""
    text = (host.read(path) or "").strip()
    return int(text) if _DIGITS.fullmatch(text) else None


def _folders(host: Host, controller: str) -> Iterator[str]:
    """This process's cgroup and all above; ``""`` is version 2.

    In a container the path may be one that only the host knows: then the mounted root tells.
    """
    path = _path(host, controller)
    if path is None:
        return
    base = posixpath.join(ROOT, controller).rstrip("/")
    for _ in range(MAX_LEVELS):
        yield (base + path).rstrip("/")
        if path == "/":
            return
        path = posixpath.dirname(path)


def _path(host: Host, controller: str) -> str | None:
    """From lines such as ``4:memory:/job`` and ``0::/job``."""
    for line in (host.read("/proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if (number == "0" and not names) if not controller else controller in names.split(","):
            return posixpath.normpath("/" + path.lstrip("/"))
    return None
