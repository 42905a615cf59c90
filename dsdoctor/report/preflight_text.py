"""The report of ``preflight`` for a person: one line a probe, details where they are needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

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
WORST_FIRST = (
    Outcome.ATTENTION,
    Outcome.CRASHED,
    Outcome.TIMED_OUT,
    Outcome.OK,
    Outcome.SKIPPED,
)
NAME = 17
MAX_NOTES = 40


def render(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """Lay the report out; with ``verbose`` every probe, its seconds, and each finding's reason."""
    lines = [*_table(report.probes, width, verbose), []]
    for finding in report.findings:
        if verbose or finding.severity is not Severity.INFO:
            lines += [*finding_lines(finding, width, verbose), []]
    lines += _minor(report, verbose)
    style = "bold green" if report.verdict.status is Status.CLEAN else "bold"
    lines.append([(report.verdict.summary, style)])
    notes = report.coverage.notes
    shown = notes if verbose else notes[:MAX_NOTES]
    lines += ([("note: ", "yellow"), (note, "")] for note in shown)
    if len(shown) < len(notes):
        lines.append([("note: ", "yellow"), (f"{len(notes) - len(shown)} more with -v", "dim")])
    return lines


def _table(results: Sequence[ProbeResult], width: int, verbose: bool) -> Iterator[StyledLine]:
    """A line for each probe that looked; those that did not, by their reasons."""
    by_probe: dict[str, list[ProbeResult]] = {}
    for result in results:
        by_probe.setdefault(result.probe, []).append(result)
    skipped: dict[str, list[str]] = {}
    for name, group in by_probe.items():
        reasons = {item.note for item in group}
        if {item.outcome for item in group} == {Outcome.SKIPPED} and len(reasons) == 1:
            skipped.setdefault(reasons.pop(), []).append(name)
            if not verbose:
                continue
        yield _line(name, group, width, verbose)
    if not verbose:
        yield from _skipped(skipped)


def _skipped(skipped: Mapping[str, Sequence[str]]) -> Iterator[StyledLine]:
    """``  – no NVIDIA GPU here: gpu-equal, gpu-memory``."""
    for reason, names in skipped.items():
        yield [("  – ", "dim"), (f"{reason}: {', '.join(names)}", "dim")]


def _line(name: str, group: Sequence[ProbeResult], width: int, verbose: bool) -> StyledLine:
    """``  ! memory    GPU 3: 31.2 GiB held by pid 4411    DSH004``."""
    outcome = next(item for item in WORST_FIRST if any(one.outcome is item for one in group))
    sign, word, style = _SIGN[outcome]
    findings = [finding for one in group for finding in one.findings]
    worst = max((item.severity.level for item in findings), default=0)
    if outcome is Outcome.ATTENTION and worst >= Severity.ERROR.level:
        sign, style = "✗", "red"
    elif outcome is Outcome.ATTENTION and worst == Severity.INFO.level:
        sign, style = "·", "cyan"
    codes = " ".join(dict.fromkeys(item.code for item in findings))
    text = _summary(group)
    time = f"  {max(one.seconds for one in group):.2f} s" if verbose else ""
    end = codes or word
    room = max(20, width - NAME - 5 - len(end) - 2 - len(time))
    shown = text if len(text) <= room or verbose else text[: room - 1] + "…"
    return [
        (f"  {sign} ", style),
        (f"{name:<{NAME}} ", "bold"),
        (f"{shown:<{room}}  ", "dim" if outcome is Outcome.SKIPPED else ""),
        (end, style),
        (time, "dim"),
    ]


def _summary(group: Sequence[ProbeResult]) -> str:
    """What one host says, or most of them: ``510 of 512: 8 x H100; 2 differ``."""
    texts = Counter(item.note or item.summary for item in group)
    if len(group) == 1 or len(texts) == 1:
        return next(iter(texts))
    text, count = texts.most_common(1)[0]
    others = len(group) - count
    return f"{count} of {len(group)} hosts: {text}; {others} differ{'s' * (others == 1)}"


def _minor(report: Report, verbose: bool) -> Iterator[StyledLine]:
    """Remarks of no weight are counted, not told."""
    count = sum(finding.severity is Severity.INFO for finding in report.findings)
    if count and not verbose:
        yield [(f"{count} remark{'s' * (count > 1)} of no weight: -v shows them", "dim")]
