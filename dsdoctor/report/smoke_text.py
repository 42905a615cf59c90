"""The report of ``smoke`` for a person: the verdict and its figures first, then why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Report, Severity, Smoke, SmokeRun
from dsdoctor.report import text
from dsdoctor.report.findings_text import finding_lines
from dsdoctor.report.lines import StyledLine
from dsdoctor.report.paragraphs import labelled, prose
from dsdoctor.report.smoke_figures import hosts, peak_memory, step_time, told

_STYLE = {"passed": "bold green", "skipped": "dim", "interrupted": "bold yellow"}
GOOD = ("passed", "reproduced-then-fixed")


def render(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """Lay the report out; with ``verbose`` also every check and every rank's last phase."""
    smoke = report.smoke
    if smoke is None:
        return [[(report.verdict.summary, "bold")]]
    if smoke.outcome == "refused" and not smoke.matrix:
        return list(_refusal(report, width, verbose))
    lines: list[StyledLine] = []
    if smoke.matrix:
        lines += [*_matrix(smoke.runs), [], *_verdict(report, smoke)]
    elif smoke.sentence:
        lines += [*_pair(smoke.runs), *_verdict(report, smoke)]
    else:
        lines += _one(smoke.runs[-1])
    lines += _details(smoke, width, verbose)
    return [*lines, *_why(report, width, verbose)]


def _refusal(report: Report, width: int, verbose: bool) -> Iterator[StyledLine]:
    """What lint says, and how to run it nevertheless."""
    yield [("refused  ", "bold red"), (report.verdict.summary, "bold")]
    for finding in report.findings:
        if verbose or finding.severity.level >= Severity.WARNING.level:
            yield []
            yield from finding_lines(finding, width, verbose)
    yield []
    yield [("--anyway runs it nevertheless, dsdoctor lint --fix mends what can be mended", "")]


def _one(run: SmokeRun) -> Iterator[StyledLine]:
    yield [*_head(run), *_figures(run)]


def _pair(runs: Sequence[SmokeRun]) -> Iterator[StyledLine]:
    for run in runs:
        yield [(f"  {run.name:<9}", "bold"), *_head(run), *_figures(run)]


def _head(run: SmokeRun) -> StyledLine:
    took = f" in {run.seconds:.0f} s" if run.seconds else ""
    return [(f"{run.outcome}{took:<10}  ", _STYLE.get(run.outcome, "bold red"))]


def _figures(run: SmokeRun) -> StyledLine:
    """What the run showed, or what ended it."""
    if run.outcome == "passed":
        return [(told(run), "")]
    if run.code:
        return [(run.code, "bold red"), (f"  {run.title}", "bold")]
    return [(run.reason, "")]


def _verdict(report: Report, smoke: Smoke) -> Iterator[StyledLine]:
    style = "bold green" if smoke.outcome in GOOD else "bold red"
    yield [(report.verdict.summary, style)]


def _details(smoke: Smoke, width: int, verbose: bool) -> Iterator[StyledLine]:
    """What was changed for the run, what did not hold, who stood where."""
    last = smoke.runs[-1]
    changes = list(dict.fromkeys(item for run in smoke.runs for item in run.changes))
    if changes and not smoke.matrix:
        yield from labelled("changed", f"{'; '.join(changes)}; all else as given", width)
    # where the cause is known, what it brought about need not be told
    silent = not verbose and bool(smoke.matrix or last.code)
    for check in (*(() if silent else last.checks), *smoke.checks):
        if verbose or not check.ok:
            sign, style = ("  ok    ", "green") if check.ok else ("  not   ", "red")
            yield [(sign, style), (f"{check.name}: {check.detail}", "")]
    if last.outcome == "hung" and last.code:
        yield from labelled("hung", last.reason, width)
    for name, story in hosts(last):
        yield [("  ", ""), (name, "bold"), (f"  {story}", "")]
    if verbose:
        for rank in last.ranks:
            where = f"  rank {rank.rank} on {rank.host}: {rank.steps} steps, last in {rank.phase}"
            yield [(where, "dim")]
    if last.log:
        yield [("  log   ", "bold"), (last.log, "cyan")]


def _why(report: Report, width: int, verbose: bool) -> Iterator[StyledLine]:
    """What explain says, and what one should know beside."""
    if report.verdict.root is not None:
        yield []
        yield from text.render(report, width, verbose=verbose)
        return
    for line in report.coverage.notes:
        yield from prose("note: ", line, width)


def _matrix(runs: Sequence[SmokeRun]) -> Iterator[StyledLine]:
    """A line for each variant: outcome, time, memory, or why not."""
    wide = max((len(run.name) for run in runs), default=0)
    for run in runs:
        style = _STYLE.get(run.outcome, "bold red")
        why = f"{run.code}  {run.title}" if run.code else run.reason
        figures = f"{step_time(run):>8} a step   {peak_memory(run)}" if run.ranks else ""
        yield [
            (f"  {run.name:<{wide}}  ", "bold"),
            (f"{run.outcome:<11} ", style),
            (figures if run.outcome == "passed" else why, ""),
        ]
