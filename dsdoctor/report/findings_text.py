"""The report of ``lint`` for a person: one finding after the other, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Confidence, Finding, Report, Severity, Status
from dsdoctor.report.changes import change_lines
from dsdoctor.report.fixes import fix_lines
from dsdoctor.report.lines import StyledLine
from dsdoctor.report.paragraphs import labelled, prose

_STYLE = {
    Severity.FATAL: "bold red",
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold blue",
}
MAX_TEXT = 160
MAX_HOSTS = 12


def render(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """Lay the report out; with ``verbose`` each finding says why."""
    lines = [line for change in report.changes for line in change_lines(change)]
    for finding in report.findings:
        lines += finding_lines(finding, width, verbose)
        lines.append([])
    style = "bold green" if report.verdict.status is Status.CLEAN else "bold"
    lines.append([(report.verdict.summary, style)])
    lines += ([("note: ", "yellow"), (note, "")] for note in report.coverage.notes)
    return [*lines, *_next_steps(report)]


def finding_lines(finding: Finding, width: int, verbose: bool) -> Iterator[StyledLine]:
    """Verdict, evidence, fix."""
    word = "error" if finding.severity is Severity.FATAL else finding.severity.value
    sure = "" if finding.confidence is Confidence.CERTAIN else f"  {finding.confidence.value}"
    yield [
        (finding.code, _STYLE[finding.severity]),
        (f"  {word}  ", _STYLE[finding.severity]),
        (finding.title, "bold"),
        (sure, "dim"),
    ]
    yield from prose("  ", finding.message, width)
    if finding.hosts:
        yield from labelled("hosts", _few(finding.hosts), width)
    # several keys may stand on one line
    for item in {(item.file, item.line, item.text): item for item in finding.evidence}.values():
        place = f"{item.file}:{item.line}" if item.line else item.file
        text = item.text.strip()[:MAX_TEXT]
        yield [("  ", ""), (place, "cyan"), (" │ " if text else "", "dim"), (text, "")]
    if verbose:
        yield from labelled("why", finding.why, width)
    yield from fix_lines(finding, width, prove=False)


def _few(hosts: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = f" and {len(hosts) - MAX_HOSTS} more" if len(hosts) > MAX_HOSTS else ""
    return ", ".join(hosts[:MAX_HOSTS]) + more


def _next_steps(report: Report) -> Iterator[StyledLine]:
    """How to have it mended."""
    kinds = {remedy.fix for finding in report.findings for remedy in finding.remedies}
    safe = sum(any(r.fix == "safe" for r in finding.remedies) for finding in report.findings)
    if safe and not report.changes:
        yield [(f"{safe} can be mended safely: --fix -o fixed.json (or --in-place)", "")]
    if "unsafe" in kinds and not report.changes:
        yield [("more with --fix-unsafe, which takes the first choice of each", "")]
