"""Offload to NVMe: the folder, its file system, its speed, and libaio.

Read from deepspeed 0.19.8 runtime/zero/stage3.py (_configure_tensor_swapping),
runtime/swap_tensor/partitioned_param_swapper.py (_configure_aio), partitioned_optimizer_swapper.py
and csrc/aio/common/deepspeed_aio_common.cpp (open_file: O_DIRECT).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.checks.modes import BYTES, model_type
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.child import ask_child
from dsdoctor.probes.clients.host import Host, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.libaio import missing
from dsdoctor.probes.mounts import Mount, existing, mount_of
from dsdoctor.probes.ops import built_in_advance, nvme_path, on_nvme
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import coarse, counted, shown

UNUSABLE, NO_DIRECT, FULL, NO_LIBAIO = "DSH061", "DSH063", "DSH064", "DSH070"
REQUESTS, NOT_LOCAL, SLOW = "DSH071", "DSH150", "DSH151"
CHILD = "dsdoctor.probes.clients.disk_child"
TRIED = 64 << 20
"""Bytes that are written for the measurement, and read again."""
SPARE = 1 << 30
"""Bytes that have to be free besides."""
SECONDS, TIMEOUT = 0.4, 8.0
SLOW_BELOW = 200e6
LITTLE = 100e6
"""Parameters: room for fewer is hardly what an offload is for."""
ROOM_FOR_REQUESTS = 1024
_OPTIMIZER = 12
"""Bytes for each parameter: the master copy and Adam's two states."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A swap folder; ``folder`` is the part of ``path`` that is there."""

    path: str
    whats: tuple[str, ...]
    folder: str
    mount: Mount | None
    space: Space | None

    @property
    def kind(self) -> str:
        return self.mount.kind if self.mount else "unknown file system"

    @property
    def there(self) -> bool:
        return self.folder == posixpath.normpath(self.path)


def look(site: Site) -> Reading:
    """Every folder that the job swaps to."""
    job = site.job
    if job is None:
        raise Skip("no configuration was given")
    paths: dict[str, tuple[str, ...]] = {}
    for what in on_nvme(job):
        if path := nvme_path(job, what):
            paths[path] = (*paths.get(path, ()), what)
    if not paths:
        raise Skip("nothing is offloaded to NVMe")
    places = [_place(site.host, path, whats) for path, whats in paths.items()]
    speeds = {place.path: _speed(site.host, place) for place in places}
    complaints = [item for place in places for item in _complaints(site, place, speeds[place.path])]
    summary = "; ".join(_told(job, site.hosts, place, speeds[place.path]) for place in places)
    general = (*_libaio(site), *_requests(site.host))
    facts = {place.path: _facts(place) for place in places}
    return Reading(summary, (*complaints, *general), facts)


def _place(host: Host, path: str, whats: tuple[str, ...]) -> _Place:
    folder = existing(host, path)
    return _Place(path, whats, folder, mount_of(host, path), host.space(folder))


def _speed(host: Host, place: _Place) -> Mapping[str, Any]:
    """What the child found; nothing where it may not or should not write."""
    space = place.space
    if space is None or space.read_only or space.free < TRIED + SPARE:
        return {}
    if not host.writable(place.folder):
        return {}
    request = {"folder": place.folder, "size": TRIED, "seconds": SECONDS}
    try:
        answer: Mapping[str, Any] = ask_child(CHILD, request, TIMEOUT)
    except Unavailable as reason:
        return {"error": str(reason)}
    return answer


def _complaints(site: Site, place: _Place, speed: Mapping[str, Any]) -> Iterator[Complaint]:
    problem = _problem(site.host, place) or speed.get("error", "")
    if speed.get("direct") is False:
        values = {"path": place.path, "kind": place.kind}
        yield Complaint(NO_DIRECT, values, _evidence(place))
    elif problem:
        values = {"path": place.path, "problem": problem}
        yield Complaint(UNUSABLE, values, _evidence(place))
    else:
        yield from _not_local(place)
    yield from _room(site, place)
    if speed.get("direct") and min(speed["write"], speed["read"]) < SLOW_BELOW:
        rates = {name: f"{shown(speed[name])}/s" for name in ("write", "read")}
        values = {"path": place.path, **rates}
        yield Complaint(SLOW, values, _evidence(place), None, Confidence.LIKELY)


def _problem(host: Host, place: _Place) -> str:
    if place.space is not None and place.space.read_only:
        return "read-only file system"
    if not host.writable(place.folder):
        return f"{place.folder} may not be written to by this user"
    if not place.there:
        rest = posixpath.normpath(place.path)[len(place.folder) :].lstrip("/")
        next_on_the_way = posixpath.join(place.folder, rest.partition("/")[0])
        if host.read(next_on_the_way) is not None:
            return f"{next_on_the_way} is a file, not a folder"
    return ""


def _not_local(place: _Place) -> Iterator[Complaint]:
    """A container's layer and the system's disk may be on NVMe as well: only worth a look."""
    severity, detail = Severity.WARNING, ""
    if place.mount and place.mount.network:
        detail = f"is on a network file system ({place.kind})"
    elif place.mount and place.mount.memory:
        detail = f"is host memory ({place.kind}), not a disk"
    elif place.kind == "overlay":
        severity = Severity.INFO
        detail = "is in the container's own layer (overlay), not on a disk that was passed in"
    elif not place.there and place.mount and place.mount.point == "/":
        severity = Severity.INFO
        detail = "is not there yet, and would be made on the disk of the system"
    if detail:
        values = {"path": place.path, "detail": detail}
        yield Complaint(NOT_LOCAL, values, _evidence(place), severity)


def _room(site: Site, place: _Place) -> Iterator[Complaint]:
    """The free space, as the largest model that it serves."""
    each = _bytes_each(site.job, place)
    if place.space is None or place.space.read_only:
        return
    largest = place.space.free * site.hosts / each
    if largest < LITTLE:
        values = {
            "path": place.path,
            "free": shown(place.space.free),
            "largest": counted(largest),
        }
        severity = Severity.ERROR if place.space.free < TRIED else Severity.WARNING
        yield Complaint(FULL, values, _evidence(place), severity)


def _bytes_each(job: JobSpec | None, place: _Place) -> int:
    """For each parameter of the model; unknown precision counts as 16 bit."""
    weights = BYTES.get((model_type(job) if job else None) or "", 2)
    return sum(_OPTIMIZER if what == "optimizer" else weights for what in place.whats)


def _libaio(site: Site) -> Iterator[Complaint]:
    """Compiled against, unless DeepSpeed was installed with the op."""
    if "async_io" in built_in_advance(site.host, site.packages):
        return
    if gone := missing(site.host):
        yield Complaint(NO_LIBAIO, {"what": " and ".join(gone)})


def _requests(host: Host) -> Iterator[Complaint]:
    used, limit = (_number(host, f"/proc/sys/fs/aio-{name}") for name in ("nr", "max-nr"))
    if used is not None and limit is not None and limit - used < ROOM_FOR_REQUESTS:
        values = {"used": str(used), "limit": str(limit)}
        proof = (Evidence("/proc/sys/fs/aio-nr", 0, str(used)),)
        yield Complaint(REQUESTS, values, proof, Severity.WARNING)


def _number(host: Host, path: str) -> int | None:
    text = (host.read(path) or "").strip()
    return int(text) if text.isdecimal() else None


def _evidence(place: _Place) -> tuple[Evidence, ...]:
    if place.mount is None:
        return (Evidence(place.folder, 0, ""),)
    mount = place.mount
    return (Evidence("/proc/mounts", 0, f"{mount.device} {mount.point} {mount.kind}"),)


def _told(job: JobSpec, hosts: int, place: _Place, speed: Mapping[str, Any]) -> str:
    parts = [f"{place.path} ({place.kind})"]
    if place.space:
        largest = place.space.free * hosts / _bytes_each(job, place)
        parts.append(f"{shown(place.space.free)} free, room for {counted(largest)} parameters")
    if "write" in speed:
        parts.append(f"writes {shown(speed['write'])}/s, reads {shown(speed['read'])}/s")
    return ", ".join(parts)


def _facts(place: _Place) -> dict[str, Any]:
    return {
        "file_system": place.kind,
        "there": place.there,
        "free_gb": coarse(place.space.free) if place.space else None,
    }


PROBES: tuple[Probe, ...] = (Probe("nvme", "offload to NVMe", look, budget=2 * TIMEOUT + 4),)
