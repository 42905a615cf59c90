"""The story of the job in a few lines, in order."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.model import Progress, TimelineEntry

MAX_ENTRIES = 24


def timeline_of(groups: Sequence[Group], ending: Ending) -> tuple[TimelineEntry, ...]:
    """The last step, then the first incident of each group, in order."""
    entries = [_of_group(group) for group in groups[:MAX_ENTRIES]]
    if ending.last is not None:
        entries.append(_of_progress(ending.last))
    return tuple(sorted(entries, key=lambda entry: (entry.file, entry.line)))


def _of_group(group: Group) -> TimelineEntry:
    first = group.first
    return TimelineEntry(
        file=first.source,
        line=first.line,
        text=group.rule.title,
        rank=first.origin.rank,
        host=first.origin.host,
        time=first.origin.time,
    )


def _of_progress(last: Progress) -> TimelineEntry:
    step = f"step {last.step}" if last.step is not None else "a step"
    loss = f", loss {last.loss:g}" if last.loss is not None else ""
    return TimelineEntry(
        last.source, last.line, f"last sign of progress: {step}{loss}",
        last.origin.rank, last.origin.host, last.origin.time,
    )  # fmt: skip
