"""From the results of probes to a report with a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.model import (
    Coverage,
    Finding,
    Outcome,
    ProbeResult,
    Report,
    Severity,
    Status,
    Verdict,
)

MINOR = (Outcome.CRASHED, Outcome.TIMED_OUT)


def report_of(
    results: Sequence[ProbeResult],
    *,
    extra: Sequence[Finding] = (),
    folded: Sequence[Finding] | None = None,
    notes: Sequence[str] = (),
    seconds: float = 0.0,
) -> Report:
    """The report of one host or of all.

    Args:
        results: of the probes.
        extra: findings that compare hosts.
        folded: the findings of all results where one stands for several hosts.
        notes: what else a reader must know.
        seconds: that it all took.
    """
    found = [finding for result in results for finding in result.findings]
    findings = [*extra, *(found if folded is None else folded)]
    findings.sort(key=lambda finding: -finding.severity.level)
    return Report(
        command="preflight",
        verdict=_verdict(findings, results),
        findings=tuple(findings),
        probes=tuple(results),
        coverage=Coverage(seconds=seconds, notes=tuple(notes)),
    )


def _verdict(findings: Sequence[Finding], results: Sequence[ProbeResult]) -> Verdict:
    """What a person wants to know first: would this job start?"""
    serious = [item for item in findings if item.severity is not Severity.INFO]
    fatal = [item for item in serious if item.severity is Severity.FATAL]
    unseen = sum(result.outcome in MINOR for result in results)
    parts = [_problems(len(serious))]
    if unseen:
        parts.append(f"{unseen} probe{'s' * (unseen > 1)} broke off")
    summary = ", ".join(parts)
    if fatal:
        codes = ", ".join(dict.fromkeys(item.code for item in fatal))
        return Verdict(
            Status.PROBLEMS, f"{summary}. This job would fail at start: {codes}", fatal[0]
        )
    status = Status.PROBLEMS if serious else Status.CLEAN
    return Verdict(status, summary)


def _problems(count: int) -> str:
    if not count:
        return "nothing in the way"
    return f"{count} problem{'s' * (count > 1)}"
