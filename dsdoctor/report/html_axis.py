"""Where the end of a rank stands in the picture: by time, else by line, else by step.

Many lines of a log carry no time, often not those of the rank in which it began. What an axis
shows is written under it; ranks of which it knows nothing are drawn without an end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsdoctor.model import RankRow, Report, TimelineEntry
from dsdoctor.report.html_endings import Ended


@dataclass(frozen=True, slots=True)
class Axis:
    """``at`` and ``moment`` give a share of the width, or None where it is not known."""

    name: str
    ticks: tuple[tuple[float, str], ...]
    at: Callable[[RankRow], float | None]
    moment: Callable[[TimelineEntry], float | None]


def axis_of(report: Report, ends: Sequence[Ended]) -> Axis | None:
    """The best that the report allows for most of its ranks."""
    rows = report.ranks
    began = [row for one in ends if one.kind == "cause" for row in one.rows]
    timed = [row.time for row in rows if row.time]
    if _covers(len(timed), rows) and all(row.time for row in began):
        return _by_time(report, timed)
    files = {row.file for row in rows if row.last_line}
    heard = sum(row.last_line > 0 for row in rows)
    if len(files) == 1 and _covers(heard, rows) and all(row.last_line for row in began):
        return _by_line(report, files.pop())
    steps = [row.last_step for row in rows if row.last_step is not None]
    return _by_step(steps) if _covers(len(steps), rows) and max(steps) > 0 else None


def _covers(known: int, rows: Sequence[RankRow]) -> bool:
    """Is it known of most ranks?"""
    return known >= max(2, (len(rows) + 1) // 2)


def _by_time(report: Report, ends: Sequence[datetime]) -> Axis:
    """From the first moment of the story to the last end."""
    told = [entry.time for entry in report.timeline if entry.time]
    first, last = min([*ends, *told]), max([*ends, *told])
    span = max((last - first).total_seconds(), 0.001)

    def share(time: datetime | None) -> float | None:
        return (time - first).total_seconds() / span if time else None

    pattern = "%H:%M:%S" if span < 86_400 else "%d %b %H:%M"
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    named = [(x, f"{first + timedelta(seconds=span * x):{pattern}}") for x in shares]
    return Axis("time", _unlike(named), lambda row: share(row.time), lambda one: share(one.time))


def _by_line(report: Report, file: str) -> Axis:
    """In the order of printing, which is nearly that of happening."""
    moments = [entry.line for entry in report.timeline if entry.file == file]
    last = max([1, *(row.last_line for row in report.ranks), *moments])

    def moment(entry: TimelineEntry) -> float | None:
        return entry.line / last if entry.file == file else None

    def at(row: RankRow) -> float | None:
        return row.last_line / last if row.last_line else None

    return Axis("line of the log at which the rank was last heard", _numbers(last), at, moment)


def _by_step(steps: Sequence[int]) -> Axis:
    last = max(steps)

    def at(row: RankRow) -> float | None:
        return None if row.last_step is None else row.last_step / last

    return Axis("last optimizer step", _numbers(last), at, lambda _: None)


def _numbers(last: int) -> tuple[tuple[float, str], ...]:
    values = sorted({round(last * share) for share in (0, 0.25, 0.5, 0.75, 1)})
    return tuple((value / last, f"{value:,}") for value in values)


def _unlike(ticks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Of ticks with one name the first."""
    return tuple({name: (share, name) for share, name in reversed(ticks)}.values())[::-1]
