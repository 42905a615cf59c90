"""Runs every check over one job's settings and makes a report of what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsdoctor.checks.findings import finding_of
from dsdoctor.checks.registry import CHECKS
from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Coverage, Finding, Report, Severity, Status, Verdict

MAX_FINDINGS = 500
"""A configuration with more problems than this is no configuration."""


def findings_in(spec: JobSpec, pack: Pack) -> list[Finding]:
    """All that is wrong with ``spec``, worst first, then in the order of the file."""
    found = [finding_of(problem, spec, pack) for check in CHECKS for problem in check(spec)]
    unique = {_identity(finding): finding for finding in found}
    return sorted(unique.values(), key=_order)[:MAX_FINDINGS]


def lint(specs: Sequence[JobSpec], pack: Pack) -> Report:
    """The report on one or more configurations."""
    findings = [finding for spec in specs for finding in findings_in(spec, pack)]
    return Report(
        command="lint",
        verdict=verdict_of(findings, [spec.config.name for spec in specs]),
        findings=tuple(findings),
        coverage=Coverage(
            files=len(specs),
            lines=sum(spec.config.text.count("\n") + 1 for spec in specs),
            bytes=sum(len(spec.config.text.encode()) for spec in specs),
        ),
        versions={"deepspeed": specs[0].schema.version} if specs else {},
    )


def verdict_of(findings: Sequence[Finding], names: Iterable[str]) -> Verdict:
    """The answer in one sentence."""
    if not findings:
        return Verdict(Status.CLEAN, f"{', '.join(names)}: nothing to complain about")
    fatal = [finding for finding in findings if finding.severity is Severity.FATAL]
    summary = counted(findings)
    if fatal:
        summary += "; this job would not run"
    return Verdict(Status.PROBLEMS, summary, fatal[0] if fatal else None)


def counted(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 warning``. What ends the job is an error to its reader."""
    errors = sum(finding.severity.level >= Severity.ERROR.level for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    notes = len(findings) - errors - warnings
    parts = [(errors, "error"), (warnings, "warning"), (notes, "note")]
    return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in parts if count)


def _identity(finding: Finding) -> tuple[object, ...]:
    """Two checks that say the same of the same key say it once."""
    return finding.code, finding.message, finding.evidence[:1]


def _order(finding: Finding) -> tuple[int, str, int]:
    first = finding.evidence[0] if finding.evidence else None
    return -finding.severity.level, first.file if first else "", first.line if first else 0
