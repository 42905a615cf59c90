"""Shared memory in /dev/shm, through which NCCL and the data loader's workers hand over data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.clients.host import Space
from dsdoctor.probes.gpu_common import BUDGET, GIB
from dsdoctor.probes.mounts import mount_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.ranks_here import ranks_here
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import shown

SHM = "/dev/shm"  # noqa: S108 - the folder itself is looked at
NCCL, LOADER, REFUSED, LEFT_BEHIND = "DSM019", "DSM020", "DSM023", "DSM080"
CONTAINER_DEFAULT = 64 << 20
"""What Docker and Kubernetes give a container that asks for nothing."""
SMALL = 1 << 30
NEARLY_FULL = 0.1
MAX_COUNTED = 10_000


def look(site: Site) -> Reading:
    """Is it there, may it be written to, is it large enough, is there space left?"""
    if not site.host.is_dir("/proc"):
        raise Skip("no Linux")
    space = site.host.space(SHM)
    if space is None or not site.host.is_dir(SHM):
        return _refused("is not there")
    facts: dict[str, object] = {"total_gib": round(space.total / GIB, 1)}
    if space.read_only or not site.host.writable(SHM):
        return _refused("cannot be written to", facts)
    mount = mount_of(site.host, SHM)
    facts["memory"] = mount is None or mount.memory
    complaints = (*_sized(site, space), *_left_behind(site, space))
    return Reading(f"{shown(space.total)}, {shown(space.free)} free", complaints, facts)


def _refused(words: str, facts: Mapping[str, object] | None = None) -> Reading:
    complaint = Complaint(REFUSED, {"detail": words}, (Evidence(SHM, 0, words),), Severity.ERROR)
    return Reading(f"{SHM} {words}", (complaint,), facts or {})


def _sized(site: Site, space: Space) -> Iterator[Complaint]:
    """Too small for certain, too small perhaps, or nearly full."""
    ranks = ranks_here(site) or 1
    values = {"size": shown(space.total), "free": shown(space.free)}
    evidence = (Evidence(SHM, 0, f"{values['size']}, {values['free']} free"),)
    if space.total <= CONTAINER_DEFAULT:
        if ranks > 1:
            yield Complaint(NCCL, values, evidence, Severity.ERROR)
        else:
            yield Complaint(LOADER, values, evidence, Severity.WARNING)
    elif space.free < min(SMALL, space.total * NEARLY_FULL) or space.total < SMALL // 2:
        code = NCCL if ranks > 1 and space.free < CONTAINER_DEFAULT else LOADER
        yield Complaint(code, values, evidence, Severity.WARNING)


def _left_behind(site: Site, space: Space) -> Iterator[Complaint]:
    """Segments of NCCL and torch: of a job that runs now, or of one that crashed."""
    names = site.host.list(SHM)[:MAX_COUNTED]
    found = [name for name in names if name.startswith(("nccl-", "torch_"))]
    used = space.total - space.free
    if found and used > SMALL:
        values = {"count": str(len(found)), "size": shown(used)}
        yield Complaint(LEFT_BEHIND, values, (Evidence(SHM, 0, ", ".join(found[:4])),))


PROBES: tuple[Probe, ...] = (Probe("shm", "shared memory (/dev/shm)", look, budget=BUDGET),)
