"""The findings of a report, worst first, each with the fallout that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.model import Confidence, Finding, Report, Role, Severity, Status

FAILED = (Status.DIAGNOSED, Status.UNRECOGNISED, Status.PROBLEMS)


@dataclass(frozen=True, slots=True)
class Folded:
    """A finding and what it led to."""

    finding: Finding
    followed: tuple[Finding, ...] = ()


def folded(report: Report) -> list[Folded]:
    """The root first, then by severity. What a listed finding led to is folded into it.

    A report that says that something failed has at least one entry: where no finding tells
    why, the verdict itself stands in.
    """
    root = report.verdict.root
    others = [item for item in report.findings if item != root]
    own = [item for item in others if root is None or item.role is not Role.CONSEQUENCE]
    heads = [*([root] if root else []), *sorted(own, key=lambda item: -item.severity.level)]
    if not heads:
        return [Folded(_stand_in(report))] if report.verdict.status in FAILED else []
    fallout = [item for item in others if root is not None and item.role is Role.CONSEQUENCE]
    return _joined(heads, fallout)


def _joined(heads: Sequence[Finding], fallout: Sequence[Finding]) -> list[Folded]:
    """Fallout goes to the finding that it names as its cause, or to the first."""
    numbers = {finding.code: number for number, finding in reversed(list(enumerate(heads)))}
    followed: dict[int, list[Finding]] = {}
    for finding in fallout:
        followed.setdefault(numbers.get(finding.caused_by or "", 0), []).append(finding)
    return [
        Folded(finding, tuple(followed.get(number, ()))) for number, finding in enumerate(heads)
    ]


def _stand_in(report: Report) -> Finding:
    """The verdict as a finding."""
    return Finding(
        code="DSDOCTOR",
        slug=f"{report.command}-failed",
        title=f"dsdoctor {report.command} found a failure",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        role=Role.CAUSE,
        message=report.verdict.summary,
    )
