"""Puts incidents in order: by time where the log has times, by position where not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from dsdoctor.diagnosis.incidents import Incident, placed
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.record import LogRecord


def in_order(
    incidents: Sequence[Incident],
    records: Sequence[LogRecord],
    ranks: RankMap,
    skew: Mapping[str, float],
) -> list[Incident]:
    """The incidents, first to last, with their ranks filled in.

    ``skew`` is what each log's clock is ahead, in seconds. Within one log the position is the
    order: prefixes of several programs disagree in precision, and most lines have no time. Between
    logs the time decides, that of the last line with one.
    """
    clocks = {record.name: _Clock(record) for record in records}
    numbers = {record.name: number for number, record in enumerate(records)}
    result = []
    for incident in incidents:
        seconds = clocks[incident.source].at(incident) if len(records) > 1 else 0.0
        seconds -= skew.get(incident.source, 0.0)
        order = (seconds, numbers[incident.source], incident.line)
        result.append(placed(incident, order, ranks.complete(incident.origin)))
    return sorted(result, key=lambda incident: incident.order)


class _Clock:
    """The time of any line of a log, from the nearest line before it that has one."""

    def __init__(self, record: LogRecord) -> None:
        timed = [(event.line, event.writer.time) for event in record.events]
        timed += [(item.line, item.origin.time) for item in record.progress]
        timed += [(line.number, line.origin.time) for line in record.tail]
        known = sorted((line, time) for line, time in timed if time is not None)
        self._lines = [line for line, _ in known]
        self._times = [time for _, time in known]

    def at(self, incident: Incident) -> float:
        """Seconds since 1970 as the log counts them; infinity where the log has no times."""
        if incident.origin.time is not None:
            return _seconds(incident.origin.time)
        before = bisect_right(self._lines, incident.line) - 1
        return _seconds(self._times[max(before, 0)]) if self._times else float("inf")


def _seconds(time: datetime) -> float:
    return (time - datetime(1970, 1, 1)).total_seconds()
