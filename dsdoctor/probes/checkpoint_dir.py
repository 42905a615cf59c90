"""The folder for checkpoints: can it be written to, what fits, do all hosts share it.

Read from deepspeed 0.19.8 runtime/engine.py (save_checkpoint, _save_zero_checkpoint) and
transformers 5.23.0 trainer.py (output_dir is made when the Trainer is made).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from dsdoctor.checks.modes import BYTES, model_type
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.clients.host import Space
from dsdoctor.probes.mounts import Mount, existing, mount_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import coarse, counted, shown

NOT_PERMITTED, LITTLE_ROOM, LOCAL = "DSK017", "DSK080", "DSK081"
LITTLE = 100e6
"""Parameters: hardly anybody trains less with DeepSpeed."""
EMPTY = 50e6
_OPTIMIZER, _FP32 = 12, 4
"""Bytes for each parameter: the master copy and Adam's two states; of which the copy."""


@dataclass(frozen=True, slots=True)
class _Place:
    """``said_by`` is empty where nobody named the folder; ``folder`` is the part that is there."""

    path: str
    said_by: str
    folder: str
    mount: Mount | None
    space: Space | None


def look(site: Site) -> Reading:
    """The Trainer's output_dir, or else the folder in which the job is started."""
    place = _place(site)
    each = bytes_each(site.job)
    kind = place.mount.kind if place.mount else "unknown file system"
    facts = {
        "file_system": kind,
        "free_gb": coarse(place.space.free) if place.space else None,
        "bytes_per_parameter": each,
    }
    summary = f"{place.path} ({kind})"
    if place.space:
        largest = _largest(site, place, each)
        summary += (
            f", {shown(place.space.free)} free: a checkpoint of {counted(largest)} parameters"
        )
    complaints = (*_locked(site, place), *_room(site, place, each), *_local(site, place))
    return Reading(summary, complaints, facts)


def bytes_each(job: JobSpec | None) -> int:
    """Of one checkpoint, for each parameter; unknown precision counts as 16 bit."""
    weights = BYTES.get((model_type(job) if job else None) or "", 2)
    only = job.argument("save_only_model") if job else None
    if only is not None and only.value is True:
        return weights
    return weights + _OPTIMIZER - (_FP32 if weights == _FP32 else 0)


def _place(site: Site) -> _Place:
    start = site.host.environment.get("PWD", "")
    said = site.job.argument("output_dir") if site.job else None
    given = said.value if said and isinstance(said.value, str) else ""
    path = posixpath.normpath(posixpath.join(start, given)) if start or given else ""
    if not path.startswith("/"):
        raise Skip("nobody says where checkpoints go")
    folder = existing(site.host, path)
    said_by = str(said.place) if said and given else ""
    return _Place(path, said_by, folder, mount_of(site.host, path), site.host.space(folder))


def _locked(site: Site, place: _Place) -> Iterator[Complaint]:
    """The Trainer makes its folder at the start; where else a script saves is only a guess."""
    if place.space and place.space.read_only:
        problem = "the file system is read-only"
    elif not site.host.writable(place.folder):
        problem = f"this user may not write to {place.folder}"
    else:
        return
    proof = (Evidence(place.said_by or "PWD", 0, place.path),)
    severity = None if place.said_by else Severity.INFO
    values = {"path": place.path, "problem": problem}
    yield Complaint(NOT_PERMITTED, values, proof, severity)


def _room(site: Site, place: _Place, each: int) -> Iterator[Complaint]:
    space = place.space
    if space is None or space.read_only or not space.total:
        return
    largest = _largest(site, place, each)
    if largest >= LITTLE:
        return
    severity = Severity.ERROR if place.said_by and space.free < EMPTY else None
    values = {"path": place.path, "free": shown(space.free), "largest": counted(largest)}
    yield Complaint(LITTLE_ROOM, values, (), severity if place.said_by else Severity.INFO)


def _largest(site: Site, place: _Place, each: int) -> float:
    """Parameters of a model of which one checkpoint fits: on local disks every host has a part."""
    parts = site.hosts if place.mount and not place.mount.network else 1
    return (place.space.free if place.space else 0) * parts / each


def _local(site: Site, place: _Place) -> Iterator[Complaint]:
    if site.hosts < 2 or not place.said_by or place.mount is None or place.mount.network:
        return
    if site.job and value(site.job, ("checkpoint", "use_node_local_storage")) is True:
        return
    values = {"path": place.path, "kind": place.mount.kind, "hosts": str(site.hosts)}
    yield Complaint(LOCAL, values, (Evidence(place.said_by, 0, place.path),))


PROBES: tuple[Probe, ...] = (Probe("checkpoint-dir", "folder for checkpoints", look),)
