"""The folder in which torch keeps compiled ops: locks of killed builds, and whether it serves.

Read from torch 2.13 utils/cpp_extension.py (_get_build_directory, get_default_build_root) and
_appdirs.py (user_cache_dir).
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Iterator, Mapping, Sequence

from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.extension_locks import Lock, built_here, locks_in
from dsdoctor.probes.gpu_common import BUDGET
from dsdoctor.probes.gpu_use import job_on_gpu
from dsdoctor.probes.mounts import Mount, existing, mount_of
from dsdoctor.probes.ops import built_in_advance, ops_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

LOCK, UNWRITABLE, SHARED = "DSB038", "DSB039", "DSB065"
YOUNG = 120.0
"""Seconds for which a lock may be that of a build which is about to start its compilers."""
ELSEWHERE = 3600.0
"""On a file server the builder may be another host: after so long nobody builds any more."""


def look(site: Site) -> Reading:
    """The cache that the job's Python and torch will use."""
    versions = site.packages.versions()
    if "torch" not in versions:
        raise Skip("torch is not installed (see versions)")
    root = cache_folder(site.host.environment, site.packages.abi(), versions)
    if root is None:
        raise Skip("neither HOME nor TORCH_EXTENSIONS_DIR is set")
    ops = _ops(site, versions)
    mount = mount_of(site.host, root)
    locks = locks_in(site.host, root)
    building = built_here(site.host) if locks else frozenset[str]()
    stale = [lock for lock in locks if posixpath.dirname(lock.path) not in building]
    complaints = (*_storage(site, root, mount, ops), *_locks(stale, mount, ops))
    kind = mount.kind if mount else "unknown"
    facts = {"folder": root, "file_system": kind, "locks": [lock.op for lock in stale]}
    return Reading(_summary(root, locks, stale), complaints, facts)


def cache_folder(
    environment: Mapping[str, str], abi: str, versions: Mapping[str, str]
) -> str | None:
    """Where torch compiles; None where nobody can tell."""
    if "TORCH_EXTENSIONS_DIR" in environment:
        return posixpath.normpath(environment["TORCH_EXTENSIONS_DIR"]) or None
    home = environment.get("HOME")
    caches = environment.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    if caches is None:
        return None
    hip, cuda = versions.get("torch.hip"), versions.get("torch.cuda")
    kind = f"rocm{hip}" if hip else f"cu{cuda}" if cuda else "cpu"
    return f"{caches}/torch_extensions/{abi}_{kind.replace('.', '')}"


def _ops(site: Site, versions: Mapping[str, str]) -> tuple[str, ...] | None:
    """The ops that are compiled there; None where no job is known."""
    if site.job is None:
        return None
    found = ops_of(site.job, versions.get("deepspeed", ""), gpu=job_on_gpu(site))
    ready = built_in_advance(site.host, site.packages)
    return tuple(op.name for op in found if op.name not in ready)


def _storage(
    site: Site, root: str, mount: Mount | None, ops: Sequence[str] | None
) -> Iterator[Complaint]:
    place = existing(site.host, root)
    space = site.host.space(place)
    reason = ""
    if not site.host.writable(place):
        reason = f"{place} may not be written to by this user"
    if space and space.read_only:
        reason = f"{place} is on a read-only file system"
    if mount and "noexec" in mount.options:
        reason = f"{mount.point} is mounted noexec, and compiled ops cannot be loaded from there"
    if reason:
        severity = None if ops else Severity.WARNING if ops is None else Severity.INFO
        values = {"path": root, "reason": reason}
        yield Complaint(UNWRITABLE, values, (_evidence(mount, place),), severity)
    if mount and mount.network:
        severity = Severity.WARNING if site.hosts > 1 and ops else Severity.INFO
        yield Complaint(
            SHARED, {"path": root, "kind": mount.kind}, (_evidence(mount, place),), severity
        )


def _evidence(mount: Mount | None, place: str) -> Evidence:
    if mount is None:
        return Evidence(place, 0, "")
    return Evidence("/proc/mounts", 0, f"{mount.device} {mount.point} {mount.kind}")


def _locks(
    locks: Sequence[Lock], mount: Mount | None, ops: Sequence[str] | None
) -> Iterator[Complaint]:
    """The job waits only for the locks of its own ops, and a young lock may still be held."""
    for lock in locks:
        age = None if lock.since is None else max(0.0, time.time() - lock.since)
        severity, sure = _weight(lock, ops), Confidence.CERTAIN
        patience = ELSEWHERE if mount and mount.network else YOUNG
        if age is not None and age < patience:
            severity, sure = Severity.INFO, Confidence.POSSIBLE
        folder = posixpath.dirname(lock.path)
        values = {"path": folder, "age": _told(age)}
        yield Complaint(LOCK, values, (Evidence(lock.path, 0, _told(age)),), severity, sure)


def _weight(lock: Lock, ops: Sequence[str] | None) -> Severity | None:
    if ops is None:
        return Severity.ERROR
    return None if lock.op in ops else Severity.WARNING


def _told(age: float | None) -> str:
    """``3 hours`` for a number of seconds."""
    if age is None:
        return "unknown age"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if age >= size:
            count = int(age // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "this moment"


def _summary(root: str, locks: Sequence[Lock], stale: Sequence[Lock]) -> str:
    if len(locks) > len(stale):
        return f"{root}: an op is being compiled"
    if stale:
        return f"{root}: locked by {', '.join(lock.op for lock in stale)}"
    return root


PROBES: tuple[Probe, ...] = (
    Probe("extensions-cache", "cache of compiled ops", look, budget=BUDGET),
)
