"""The report for a tired person: verdict, where, evidence, why, fix, proof."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import (
    Confidence,
    Coverage,
    Finding,
    Report,
    Role,
    Status,
    ranks_named,
)
from dsdoctor.report.changes import change_lines
from dsdoctor.report.fixes import fix_lines
from dsdoctor.report.lines import StyledLine
from dsdoctor.report.names import ranks_and_hosts
from dsdoctor.report.paragraphs import labelled, prose
from dsdoctor.report.story import rank_lines, timeline_lines

MAX_TEXT = 400
_CONFIDENCE = {"certain": "bold green", "likely": "yellow", "possible": "dim"}


def render(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """Lay the report out.

    Args:
        report: what to tell.
        width: columns to wrap prose at; evidence is never wrapped, so that it can be searched.
        verbose: tell all consequences and context one by one, not only the first few.
    """
    lines: list[StyledLine] = []
    root = report.verdict.root
    if root is None:
        lines.append([(report.verdict.summary, "bold green" if _is_healthy(report) else "bold")])
    else:
        lines += _root(report, root, width)
    if verbose or _is_open(report):
        lines += rank_lines(report.ranks)
    if verbose:
        lines += timeline_lines(report.timeline)
        lines += [[], *([("  ", ""), (item, "dim")] for item in report.network)]
    lines += _others(report, width, verbose)
    lines.append([])
    lines += _footer(report, root)
    for change in report.changes:
        lines += [[], *change_lines(change)]
    return lines


def _is_open(report: Report) -> bool:
    """Is there more to learn about this job?"""
    root = report.verdict.root
    return root is not None and root.confidence is not Confidence.CERTAIN


def _is_healthy(report: Report) -> bool:
    return report.verdict.status is Status.HEALTHY


def _root(report: Report, root: Finding, width: int) -> Iterator[StyledLine]:
    """The root cause with everything needed to act on it."""
    gap = max(2, width - len(root.code) - 2 - len(root.title) - len(root.confidence.value))
    yield [
        (root.code, "bold red"),
        ("  ", ""),
        (root.title, "bold"),
        (" " * gap, ""),
        (root.confidence.value, _CONFIDENCE[root.confidence.value]),
    ]
    if report.verdict.status is Status.UNRECOGNISED:
        yield [("  unknown cause: no rule explains this; here is where it began", "yellow")]
    yield []
    yield from prose("  ", root.message, width)
    yield from _evidence(root)
    yield []
    yield from labelled("why", root.why, width)
    yield from _consequences(report, width)
    if root.confidence is not Confidence.CERTAIN:
        yield from labelled(root.confidence.value, root.argument, width)
    yield from fix_lines(root, width)


def _evidence(finding: Finding) -> Iterator[StyledLine]:
    """Who and where, then the lines that prove it."""
    who = ranks_and_hosts(finding)
    frame = finding.evidence[-1] if finding.user_frame else None
    for number, item in enumerate(finding.evidence):
        if item is frame:
            break
        prefix = f"  {who} · " if who and number == 0 else "  "
        yield [(prefix, ""), (f"{item.file}:{item.line}", "cyan")]
        yield [(f"    {item.line:>6} │ ", "dim"), (item.text.strip()[:MAX_TEXT], "")]
    if finding.user_frame:
        where = f"  ({frame.file}:{frame.line})" if frame else ""
        yield [("  your code   ", "dim"), (finding.user_frame, ""), (where, "cyan")]


def _consequences(report: Report, width: int) -> Iterator[StyledLine]:
    """What followed, folded to one line."""
    followed = [item for item in report.findings if item.role is Role.CONSEQUENCE]
    if not followed:
        return
    parts = [_folded(item) for item in followed[:4]]
    if len(followed) > len(parts):
        parts.append(f"{len(followed) - len(parts)} more kinds of fallout")
    yield from labelled("then", "; ".join(parts), width)


def _folded(finding: Finding) -> str:
    who = ranks_and_hosts(finding)
    count = "1 line" if finding.count == 1 else f"{finding.count} lines"
    return f"{finding.title} ({who + ': ' if who else ''}{count})"


def _others(report: Report, width: int, verbose: bool) -> Iterator[StyledLine]:
    """Other causes always; the rest one by one only on request."""
    others = [item for item in report.findings if item is not report.verdict.root]
    shown = [item for item in others if verbose or item.role is Role.CAUSE]
    for finding in shown:
        yield []
        yield [
            (finding.code, "bold yellow"),
            (f"  {finding.title}  ", "bold"),
            (_part(finding), "dim"),
        ]
        yield from prose("  ", finding.message, width)
        yield from _evidence(finding)
        yield from fix_lines(finding, width)


def _part(finding: Finding) -> str:
    return "also found" if finding.role is Role.CAUSE else finding.role.value


def _footer(report: Report, root: Finding | None) -> Iterator[StyledLine]:
    """What was seen, what was not, where to read on."""
    parts = [*_seen(report.coverage)]
    if root is not None:
        parts.append(f"dsdoctor rule {root.code} for the whole story")
    yield [(" · ".join(parts), "dim")]
    for note in report.coverage.notes:
        yield [("note: ", "yellow"), (note, "")]
    if root is not None and report.coverage.ranks_missing:
        named = ranks_named(report.coverage.ranks_missing)
        yield [(f"no line of rank {named} in these logs", "yellow")]
    if report.collect:
        yield [("to be certain, collect next time:", "bold")]
        yield from ([("  ", ""), (item, "")] for item in report.collect)


def _seen(coverage: Coverage) -> Iterator[str]:
    if coverage.world_size and coverage.ranks_seen:
        yield f"seen {len(coverage.ranks_seen)} of {coverage.world_size} ranks"
    files = f" in {coverage.files} files" if coverage.files != 1 else ""
    yield f"{coverage.lines:,} lines{files}, {_size(coverage.bytes)} in {coverage.seconds:.2f} s"


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count = count / 1000  # type: ignore[assignment]
    return f"{count:.1f} GB"
