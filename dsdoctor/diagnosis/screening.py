"""Takes out what is no failure: noise below its count, and trouble that the job got over."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import UNRECOGNISED
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

    A good ending acquits everything but silent damage. Otherwise training that went on for
    ``RECOVERY_STEPS`` steps with a finite loss does, in the log where it was said, unless the
    writer's rank is known and another rank's steps are all there is.
    """
    if ending.well and not group.rule.silent:
        return True
    return _steps_after(group, records) >= RECOVERY_STEPS


def _steps_after(group: Group, records: Sequence[LogRecord]) -> int:
    record = next(item for item in records if item.name == group.first.source)
    rank = group.first.origin.rank
    fatal = group.first.link is not None and group.rule.code != UNRECOGNISED
    after = [
        item
        for item in record.progress
        if item.line > group.last_line
        and (item.loss is None or math.isfinite(item.loss))
        and (item.loss is not None or not group.rule.silent)
        and (rank is None or item.origin.rank == rank or group.rule.silent)
    ]
    steps = {item.step if item.step is not None else -item.line for item in after}
    return 0 if fatal and rank is not None else len(steps)


def _is_at_end(group: Group, records: Sequence[LogRecord]) -> bool:
    """Is there nothing of substance after the group's last line?"""
    record = next(item for item in records if item.name == group.first.source)
    if not record.tail or group.last_line < record.tail[0].number:
        return False
    known = {event.line for event in record.events} | {fact.line for fact in record.facts}
    said = [line for line in record.tail if line.number > group.last_line and line.text.strip()]
    return not [line for line in said if line.number not in known]
