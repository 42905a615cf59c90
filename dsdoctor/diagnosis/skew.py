"""Clocks of hosts disagree. The launcher's first lines say by how much."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dsdoctor.logs.record import LogRecord

TOLERANCE_SECONDS = 2.5
"""launch.py starts on all hosts within about this of each other (pdsh, ssh, Python's start)."""

TOO_FAR_SECONDS = 600.0
"""A larger distance is another start of the job or another time zone, not a clock that is off."""


@dataclass(frozen=True, slots=True)
class Skew:
    """Seconds to take from the times of each log, and what to tell of it."""

    seconds: dict[str, float]
    notes: tuple[str, ...] = ()


def skew_of(records: Sequence[LogRecord]) -> Skew:
    """Estimate how far the clock of each log is ahead of the others.

    The yardstick is the first line of DeepSpeed's launch.py (``nnodes=``), which every host prints
    as it starts. Logs without it, and differences that a start explains, are left alone.
    """
    starts = {record.name: start for record in records if (start := _start(record))}
    if len(starts) < 2:
        return Skew({})
    seconds = {
        name: (start - min(starts.values())).total_seconds() for name, start in starts.items()
    }
    usual = statistics.median_low(list(seconds.values()))
    ahead = {name: value - usual for name, value in seconds.items()}
    off = {n: v for n, v in ahead.items() if TOLERANCE_SECONDS < abs(v) <= TOO_FAR_SECONDS}
    return Skew(off, tuple(_note(name, value) for name, value in off.items()))


def _start(record: LogRecord) -> datetime | None:
    """When the launcher on this host began, by its own clock."""
    times = [fact.origin.time for fact in record.facts if fact.kind == "nodes"]
    return next((time for time in times if time is not None), None)


def _note(name: str, ahead: float) -> str:
    word = "ahead of" if ahead > 0 else "behind"
    return f"{name}: clock about {abs(ahead):.0f} s {word} the others (launcher start); corrected"
