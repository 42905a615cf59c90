"""Pinned (page-locked) host memory: whether WSL limits it, and whether it can really be had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.clients import pinned_child
from dsdoctor.probes.clients.host import Completed
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.memory import memory_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import shown

REFUSED, WSL = "DSM014", "DSM085"
TIMEOUT = 90.0
MOST = 2 << 30
SHARE = 8
"""The trial takes at most this part of the memory that is free: other jobs must not feel it."""
_KERNEL = "/proc/version"


def look(site: Site) -> Reading:
    """Windows lends a Linux of its own only a part of the memory for pinning."""
    kernel = site.host.read(_KERNEL)
    if kernel is None:
        raise Skip(f"no Linux: no {_KERNEL}")
    pins = pinned_blocks(site.job) if site.job else ()
    on_wsl = "microsoft" in kernel.lower()
    facts = {"wsl": on_wsl, "pinned_by_job": list(pins)}
    summary = f"the job pins {' and '.join(pins)}" if pins else "the job pins no states"
    if not on_wsl:
        return Reading(summary if site.job else "not limited by WSL", (), facts)
    evidence = (Evidence(_KERNEL, 0, kernel.strip()[:200]),)
    severity = Severity.WARNING if pins else Severity.INFO
    values = {"blocks": " and ".join(pins)}
    return Reading(f"WSL; {summary}", (Complaint(WSL, values, evidence, severity),), facts)


def pinned_blocks(job: JobSpec) -> tuple[str, ...]:
    """The blocks of the configuration whose states are pinned."""
    if stage(job) not in (1, 2, 3):
        return ()
    kinds = ("optimizer", "param") if stage(job) == 3 else ("optimizer",)
    return tuple(
        f"offload_{kind}"
        for kind in kinds
        if offload_device(job, kind) in ("cpu", "nvme")
        and value(job, ("zero_optimization", f"offload_{kind}", "pin_memory")) is True
    )


def pin(site: Site) -> Reading:
    """Pin up to 2 GiB with the job's torch. The child's end gives it back."""
    if "torch" not in site.packages.versions():
        raise Skip("torch is not installed")
    memory = memory_of(site.host)
    target = min(MOST, memory.free // SHARE) if memory else MOST
    script = str(Path(pinned_child.__file__))
    done = site.host.run([site.packages.python, script, str(target)], TIMEOUT)
    answer = _answer(done)
    if reason := answer.get("skip"):
        raise Skip(str(reason))
    pinned = int(answer["pinned"])
    facts = {"pinned_gib": round(pinned / (1 << 30), 1)}
    if pinned >= target:
        return Reading(f"{shown(pinned)} pinned", (), facts)
    error = str(answer.get("error", ""))
    values = {"pinned": shown(pinned), "target": shown(target), "error": error}
    pins = bool(site.job and pinned_blocks(site.job))
    severity = Severity.ERROR if pins else Severity.WARNING
    complaint = Complaint(REFUSED, values, (Evidence("torch", 0, error),), severity)
    return Reading(f"only {shown(pinned)} pinned", (complaint,), facts)


def _answer(done: Completed) -> Mapping[str, Any]:
    """The child's last line."""
    lines = done.out.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines and not done.code else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not {"skip", "pinned"} & answer.keys():
        last = (done.err.strip().splitlines() or [f"exit code {done.code}"])[-1]
        raise Unavailable(f"the trial gave no answer: {last[-200:]}")
    return answer


PROBES: tuple[Probe, ...] = (
    Probe("pinned", "pinned memory", look),
    Probe("pinned-trial", "pinned memory, really taken", pin, budget=TIMEOUT + 10, deep=True),
)
