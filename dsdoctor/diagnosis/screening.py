"""Takes out what is no failure: noise below its count, and trouble that the job got over."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.knowledge.patterns import compiled
from dsdoctor.logs.record import LogRecord

RECOVERY_STEPS = 5
"""Ranks that wait for a dead one can finish a step or two; five steps mean that life went on."""


def is_noise(group: Group, records: Sequence[LogRecord]) -> bool:
    """Is the group below its rule's count, or not at the end where its rule asks for that?"""
    rule = group.rule
    if max(item.count for item in group.incidents) < rule.min_count:
        return True
    return rule.at_end and not _is_at_end(group, records)


def is_over(group: Group, records: Sequence[LogRecord], ending: Ending) -> bool:
    """Did the job get over it?

    A good ending acquits everything but silent damage. Damage that is counted is over when few
    of the last steps show it. Anything else is over when training went on for
    ``RECOVERY_STEPS`` steps, in the log where it was said; a rank's own uncaught exception never
    is, since another rank's steps are all that can follow.
    """
    if group.rule.silent and group.rule.min_count > 1:
        return _fades(group, records)
    if ending.well:
        return not group.rule.silent
    return not _is_uncaught(group) and _steps_after(group, records) >= RECOVERY_STEPS


def _fades(group: Group, records: Sequence[LogRecord]) -> bool:
    """Do less than half of the steps at the end of the log show the damage?

    fp16 skips a step now and then in a healthy run of any length; that is not the same as a run
    in which every step is skipped.
    """
    record = _record(group, records)
    patterns = [compiled(pattern.regex) for pattern in group.rule.match]
    bad = sum(any(item.search(line.text) for item in patterns) for line in record.tail)
    first = record.tail[0].number if record.tail else 0
    moves = [item for item in record.progress if item.line >= first]
    steps = {item.step for item in moves if item.step is not None} or moves
    return bad < 0.5 * max(1, len(steps))


def _is_uncaught(group: Group) -> bool:
    """torch marks the lines of an uncaught exception with the rank; a logged one has no mark."""
    return group.first.link is not None and group.first.origin.rank is not None


def _steps_after(group: Group, records: Sequence[LogRecord]) -> int:
    """How far training went on after the group's last line, in steps with a finite loss.

    Only some of the progress lines of a long log are kept, so the step numbers before and after
    tell more than the count of the lines.
    """
    progress = _record(group, records).progress
    after = [
        item
        for item in progress
        if item.line > group.last_line and (item.loss is None or math.isfinite(item.loss))
    ]
    seen = len({item.step if item.step is not None else -item.line for item in after})
    before = [i.step for i in progress if i.line < group.first.line and i.step is not None]
    later = [item.step for item in after if item.step is not None]
    if before and later:
        return max(seen, max(later) - before[-1])
    return seen


def _record(group: Group, records: Sequence[LogRecord]) -> LogRecord:
    return next(item for item in records if item.name == group.first.source)


def _is_at_end(group: Group, records: Sequence[LogRecord]) -> bool:
    """Is there nothing of substance after the group's last line?"""
    record = _record(group, records)
    if not record.tail or group.last_line < record.tail[0].number:
        return False
    known = {event.line for event in record.events} | {fact.line for fact in record.facts}
    said = [line for line in record.tail if line.number > group.last_line and line.text.strip()]
    return not [line for line in said if line.number not in known]
