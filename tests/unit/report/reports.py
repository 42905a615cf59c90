"""Small reports for tests of renderers."""

from __future__ import annotations

from typing import Any

from dsdoctor.model import (
    Confidence,
    Coverage,
    Evidence,
    Finding,
    Outcome,
    ProbeResult,
    Remedy,
    Report,
    Role,
    Severity,
    Status,
    Verdict,
)


def finding(code: str = "DSC001", **given: Any) -> Finding:
    """A finding with what is asked for, and something believable for the rest."""
    usual: dict[str, Any] = {
        "slug": "batch-triangle",
        "title": "The batch sizes do not multiply out",
        "severity": Severity.FATAL,
        "confidence": Confidence.CERTAIN,
        "role": Role.CAUSE,
        "message": "32 is not 4 x 1 x 2",
        "why": "DeepSpeed checks it.",
        "evidence": (Evidence("job.log", 26, "AssertionError: 32 != 4 * 1 * 2"),),
        "remedies": (
            Remedy("Leave it away", "config", config={"train_batch_size": None}),
            Remedy("Start it so", "command", command="deepspeed train.py"),
        ),
    }
    return Finding(code, **(usual | given))


def fallout(code: str = "DSL091", **given: Any) -> Finding:
    """What followed from another finding."""
    usual = {"role": Role.CONSEQUENCE, "severity": Severity.ERROR, "title": "The launcher stops"}
    return finding(code, **(usual | given))


def dead_job(*others: Finding) -> Report:
    """A report of ``explain`` with a root cause."""
    root = finding()
    verdict = Verdict(Status.DIAGNOSED, root.message, root)
    return Report(verdict, (root, *others), coverage=Coverage(files=1, lines=44, seconds=0.5))


def problems(*findings: Finding, command: str = "lint") -> Report:
    """A report of a check."""
    status = Status.PROBLEMS if findings else Status.CLEAN
    return Report(Verdict(status, f"{len(findings)} problems"), findings, command=command)


def machines() -> Report:
    """A report of ``preflight`` with each outcome once."""
    held = finding("DSB004", evidence=(), hosts=("node-1",), message="31 GiB are held")
    probes = [
        ProbeResult("gpu-memory", Outcome.ATTENTION, findings=(held,), host="node-1", seconds=0.2),
        ProbeResult("memory", Outcome.OK, "512 GiB", host="node-1"),
        ProbeResult("nvme", Outcome.SKIPPED, note="no offload", host="node-1"),
        ProbeResult("network", Outcome.TIMED_OUT, note="no answer in 10 s", host="node-1"),
        ProbeResult("numa", Outcome.CRASHED, note="KeyError", host="node-1"),
    ]
    verdict = Verdict(Status.PROBLEMS, "1 problem", held)
    return Report(verdict, (held,), command="preflight", probes=tuple(probes))
