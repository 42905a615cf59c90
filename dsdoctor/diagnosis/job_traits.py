"""What the logs tell about the job as such: its processes, and when it ran.

A kernel log or a list of GPU processes is about a whole node and many weeks; this is what ties a
line of it to the job.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin

BEFORE = timedelta(hours=1)
"""A GPU that failed shortly before the first line with a time is still this job's business."""
AFTER = timedelta(minutes=10)
ANY_ZONE = timedelta(hours=14, minutes=30)
"""Two logs of one moment can be so far apart where they print different time zones."""
_PIDS = ("worker", "workers", "killed_pid")


@dataclass(frozen=True, slots=True)
class JobTraits:
    """Process ids that the logs name, and the first and last time in them."""

    pids: frozenset[int] = frozenset()
    first: datetime | None = None
    last: datetime | None = None

    def within(self, time: datetime) -> bool | None:
        """Does ``time`` lie in the job's time? None if that is not known."""
        if self.first is None or self.last is None:
            return None
        return self.first - BEFORE <= time <= self.last + AFTER

    def within_any_zone(self, time: datetime) -> bool:
        """Could ``time``, in another zone, lie in the job's time?"""
        if self.first is None or self.last is None:
            return True
        return self.first - BEFORE - ANY_ZONE <= time <= self.last + AFTER + ANY_ZONE


def job_traits(logs: Iterable[LogRecord]) -> JobTraits:
    """Collect processes and times from the job's own logs."""
    pids: set[int] = set()
    times: list[datetime] = []
    for record in logs:
        pids.update(_pids(record))
        times += [origin.time for origin in _origins(record) if origin.time is not None]
    return JobTraits(frozenset(pids), min(times, default=None), max(times, default=None))


def _origins(record: LogRecord) -> Iterator[Origin]:
    yield from (event.writer for event in record.events)
    yield from (item.origin for item in record.progress)
    yield from (line.origin for line in record.tail)


def _pids(record: LogRecord) -> Iterator[int]:
    for origin in (*_origins(record), *(event.origin for event in record.events)):
        if origin.pid:
            yield origin.pid
    for fact in record.facts:
        if fact.fields.get("pid", "").isdecimal():
            yield int(fact.fields["pid"])
    for event in record.events:
        for name in _PIDS:
            yield from map(int, re.findall(r"\d{1,9}", event.fields.get(name, "")))
