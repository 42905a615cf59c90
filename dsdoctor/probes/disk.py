"""Disks that every job writes to: home, temporary files, caches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.clients.host import Host, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.mounts import existing, mount_of
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import coarse, shown

FULL, READ_ONLY = "DSH030", "DSH031"
EMPTY, LITTLE = 50e6, 1e9
"""Bytes: nothing works any more; a few compiled ops and temporary files fill it."""
FEW_FILES = 1000
TIMEOUT = 3.0
TMP = "/tmp"  # noqa: S108 - looked at, not used
CACHES = ("HF_HOME", "TORCH_EXTENSIONS_DIR", "TRITON_CACHE_DIR", "XDG_CACHE_HOME")


@dataclass(frozen=True, slots=True)
class _Place:
    """``name`` as a person knows it; ``folder`` is the part of ``path`` that is there."""

    name: str
    path: str
    folder: str
    space: Space | None


def look(site: Site) -> Reading:
    """Each of them: can it be written to, and is there room."""
    places = list(_places(site.host))
    files = _free_files(site.host, [place.folder for place in places])
    complaints = [item for place in places for item in _locked(site.host, place)]
    for together in _by_disk(site.host, places):
        complaints += [*_full(together), *_no_files(together, files)]
    return Reading(
        _summary(places), tuple(complaints), {p.name: _facts(site.host, p) for p in places}
    )


def _places(host: Host) -> Iterator[_Place]:
    variables = host.environment
    own = variables.get("TMPDIR")
    named = [("TMPDIR", own) if own else (TMP, TMP)]
    named += [(name, variables[name]) for name in ("HOME", *CACHES) if variables.get(name)]
    for name, path in named:
        if path.startswith("/"):
            folder = existing(host, path)
            yield _Place(name, path, folder, host.space(folder))


def _by_disk(host: Host, places: Sequence[_Place]) -> list[list[_Place]]:
    """Those on one file system have one problem; a read-only one has another."""
    groups: dict[str, list[_Place]] = {}
    for place in places:
        if place.space and not place.space.read_only:
            mount = mount_of(host, place.folder)
            groups.setdefault(mount.point if mount else place.folder, []).append(place)
    return list(groups.values())


def _locked(host: Host, place: _Place) -> Iterator[Complaint]:
    """Temporary files are needed at once, caches by many jobs only."""
    if place.space and place.space.read_only:
        why = "the file system is read-only"
    elif not host.writable(place.folder):
        why = f"this user may not write to {place.folder}"
    else:
        return
    severity = Severity.ERROR if place.name in ("TMPDIR", TMP) else Severity.WARNING
    values = {"what": place.name, "path": place.path, "kind": why}
    yield Complaint(READ_ONLY, values, (Evidence(place.folder, 0, why),), severity)


def _full(together: Sequence[_Place]) -> Iterator[Complaint]:
    first = together[0]
    space = first.space
    if space is None or not space.total or space.free >= LITTLE:
        return
    detail = f"{shown(space.free)} of {shown(space.total)} are free for {_all_named(together)}"
    severity = Severity.ERROR if space.free < EMPTY else Severity.WARNING
    values = {"detail": detail, "path": first.path}
    yield Complaint(FULL, values, (Evidence(first.folder, 0, detail),), severity)


def _no_files(together: Sequence[_Place], files: Mapping[str, int]) -> Iterator[Complaint]:
    first = together[0]
    left = files.get(first.folder)
    if left is None or left >= FEW_FILES:
        return
    detail = f"there is room for {left} more files (inodes) only for {_all_named(together)}"
    proof = (Evidence(f"df -iP {first.folder}", 0, str(left)),)
    values = {"detail": detail, "path": first.path}
    yield Complaint(FULL, values, proof, Severity.WARNING)


def _all_named(together: Sequence[_Place]) -> str:
    return ", ".join(map(_named, together))


def _free_files(host: Host, folders: Sequence[str]) -> dict[str, int]:
    """Inodes left, by folder; nothing for file systems that do not count them."""
    try:
        done = host.run(["df", "-iP", *folders], TIMEOUT)
    except Unavailable:
        return {}
    lines = done.out.splitlines()[1:]
    if done.code or len(lines) != len(folders):
        return {}
    found = {}
    for folder, line in zip(folders, lines, strict=True):
        numbers = line.split()[1:4]
        if len(numbers) == 3 and all(item.isdecimal() for item in numbers) and int(numbers[0]):
            found[folder] = int(numbers[2])
    return found


def _named(place: _Place) -> str:
    return place.path if place.name == place.path else f"{place.name} ({place.path})"


def _summary(places: Sequence[_Place]) -> str:
    return ", ".join(
        f"{_named(place)} {shown(place.space.free)} free" for place in places[:2] if place.space
    )


def _facts(host: Host, place: _Place) -> dict[str, Any]:
    mount = mount_of(host, place.path)
    return {
        "file_system": mount.kind if mount else "unknown",
        "free_gb": coarse(place.space.free) if place.space else None,
    }


PROBES: tuple[Probe, ...] = (Probe("disk", "home, temporary files, caches", look),)
