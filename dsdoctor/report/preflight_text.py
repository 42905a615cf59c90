"""The report of ``preflight`` for a person: one line a probe, details where they are needed."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Outcome, ProbeResult, Report, Severity, Status
from dsdoctor.report.findings_text import finding_lines
from dsdoctor.report.lines import StyledLine

_SIGN = {
    Outcome.OK: (" ", "ok", "green"),
    Outcome.ATTENTION: ("!", "", "yellow"),
    Outcome.SKIPPED: ("–", "skipped", "dim"),
    Outcome.CRASHED: ("?", "crashed", "magenta"),
    Outcome.TIMED_OUT: ("?", "timed out", "magenta"),
}
NAME = 14


def render(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """Lay the report out; with ``verbose`` every probe, its seconds, and each finding's reason."""
    lines: list[StyledLine] = [
        line for probe in report.probes for line in _probe(probe, width, verbose)
    ]
    lines.append([])
    for finding in report.findings:
        if verbose or finding.severity is not Severity.INFO:
            lines += [*finding_lines(finding, width, verbose), []]
    style = "bold green" if report.verdict.status is Status.CLEAN else "bold"
    lines.append([(report.verdict.summary, style)])
    lines += ([("note: ", "yellow"), (note, "")] for note in report.coverage.notes)
    return lines


def _probe(result: ProbeResult, width: int, verbose: bool) -> Iterator[StyledLine]:
    """``  ! memory    GPU 3: 31.2 GiB held by pid 4411    DSH004``."""
    sign, word, style = _SIGN[result.outcome]
    worst = max((item.severity.level for item in result.findings), default=0)
    if result.outcome is Outcome.ATTENTION and worst >= Severity.ERROR.level:
        sign, style = "✗", "red"
    codes = " ".join(dict.fromkeys(item.code for item in result.findings))
    text = result.note or result.summary
    time = f"  {result.seconds:.2f} s" if verbose else ""
    room = max(20, width - NAME - 5 - len(codes or word) - 2 - len(time))
    shown = text if len(text) <= room or verbose else text[: room - 1] + "…"
    yield [
        (f"  {sign} ", style),
        (f"{result.probe:<{NAME}}", "bold"),
        (f"{shown:<{room}}  ", "dim" if result.outcome is Outcome.SKIPPED else ""),
        (codes or word, style),
        (time, "dim"),
    ]
