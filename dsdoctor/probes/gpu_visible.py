"""Whether CUDA_VISIBLE_DEVICES names GPUs that are there."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.model import Severity, ranks_named
from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.gpu_choice import wanted
from dsdoctor.probes.gpu_common import BUDGET, answering, evidence
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.visible_devices import (
    VARIABLE,
    Visible,
    launcher_ignores,
    visible_devices,
)

MISSING, REPEATED, EMPTY = "DSH132", "DSH133", "DSH142"
AMBIGUOUS, SORTED, NOT_NUMBERS = "DSH134", "DSH141", "DSL035"
_ORDER = "CUDA_DEVICE_ORDER"
_Found = tuple[str, dict[str, str], Severity | None]
"""A code, its values, and its severity where the page's does not fit."""


def look(site: Site) -> Reading:
    """What a process started here sees, and in which order."""
    gpus = answering(site)
    value = site.host.environment.get(VARIABLE)
    if value is None:
        return Reading("all: CUDA_VISIBLE_DEVICES is not set", (), {"visible": len(gpus)})
    if launcher_ignores(value, site.job.launch if site.job else None):
        return Reading("all: the deepspeed launcher sets it anew", (), {"visible": len(gpus)})
    if not value.startswith(("GPU-", "MIG-")) and any(gpu.mig is True for gpu in gpus):
        raise Skip("MIG is on: CUDA counts instances, not GPUs")
    seen = visible_devices(value, gpus)
    values = {"value": value[:200], "present": _present(gpus), "shown": _shown(seen)}
    proof = (evidence(f"{VARIABLE}={value[:200]}", "environment"),)
    found = (*_unread(site, seen), *_order(site, seen, gpus))
    complaints = tuple(
        Complaint(code, {**values, **more}, proof, severity) for code, more, severity in found
    )
    facts = {"visible": len(seen.indices)}
    return Reading(f"{_shown(seen)} by {VARIABLE}={value[:60]}", complaints, facts)


def _unread(site: Site, seen: Visible) -> list[_Found]:
    """What CUDA cannot make GPUs of."""
    if seen.hidden:
        meant = site.host.environment.get("DS_ACCELERATOR") == "cpu"
        return [(EMPTY, {}, Severity.INFO if meant else None)]
    if seen.repeated:
        return [_repeated(_launcher(site), seen.repeated)]
    if seen.missing:
        values = {"problem": f"'{seen.missing[:60]}' names no GPU"}
        return [(MISSING, values, _of_missing(site, len(seen.indices)))]
    if seen.misread:
        item, number = seen.misread
        return [(MISSING, {"problem": f"'{item}' is read as {number}"}, Severity.ERROR)]
    return []


def _repeated(launcher: str, item: str) -> _Found:
    """CUDA and the launcher disagree on it."""
    if launcher == "deepspeed":
        effect = "the deepspeed launcher starts one rank for it"
        return REPEATED, {"item": item, "effect": effect}, Severity.WARNING
    effect = "a process sees no GPU at all"
    return REPEATED, {"item": item, "effect": effect}, None if launcher else Severity.ERROR


def _of_missing(site: Site, left: int) -> Severity | None:
    """None, so that the page's holds, where the job stops for sure."""
    launcher = _launcher(site)
    if not left or launcher == "deepspeed":
        return None
    needed = wanted(site)
    enough = bool(launcher) and needed is not None and needed <= left
    return Severity.WARNING if enough else Severity.ERROR


def _order(site: Site, seen: Visible, gpus: Sequence[Gpu]) -> list[_Found]:
    """Where a number, or a place in the list, may mean another GPU than expected."""
    launcher = _launcher(site)
    if seen.missing or seen.misread or not seen.indices:
        return []
    if not seen.numbers:
        # no other launcher minds
        severity = None if launcher == "deepspeed" else Severity.WARNING
        return [(NOT_NUMBERS, {}, severity)] if launcher in ("deepspeed", "") else []
    found: list[_Found] = []
    mixed = len({gpu.name for gpu in gpus}) > 1
    if mixed and site.host.environment.get(_ORDER) != "PCI_BUS_ID":
        found.append((AMBIGUOUS, {}, None))
    if list(seen.indices) != sorted(seen.indices) and launcher == "deepspeed":
        found.append((SORTED, {"first": str(min(seen.indices))}, None))
    return found


def _launcher(site: Site) -> str:
    """The launcher, if the job names one."""
    return site.job.launch.launcher if site.job and site.job.launch else ""


def _present(gpus: Sequence[Gpu]) -> str:
    return ranks_named([gpu.index for gpu in gpus])


def _shown(seen: Visible) -> str:
    names = ", ".join(map(str, seen.indices[:16]))
    return f"GPU {names}" if names else "no GPU"


PROBES: tuple[Probe, ...] = (Probe("gpu-visible", "GPUs visible", look, budget=BUDGET),)
