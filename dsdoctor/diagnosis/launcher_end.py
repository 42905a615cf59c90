"""Whose exit code the deepspeed launcher printed: the times of its closing lines tell.

launch.py collects the code of the first dead process that it meets. Then it ends all processes in
the order in which it started them: a line, SIGTERM, and a wait until the process is gone. Only the
one that it has collected is gone already, so the next line follows at once (deepspeed 0.7 to 0.19,
launcher/launch.py: sigkill_handler and terminate_process_tree; before, nothing was waited for).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.facts import Fact
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Evidence, Origin

AT_ONCE = timedelta(milliseconds=3)
"""The launcher needs 0 to 3 ms for a process that is gone."""
WAITED = timedelta(milliseconds=10)
"""It needs 16 ms or more for one that lives, 1 to 8 ms for one that died and is not collected."""


@dataclass(frozen=True, slots=True)
class FoundDead:
    """The process that the launcher found dead.

    ``reason`` says how that is known, ``lines`` are those whose times show it.
    """

    rank: int
    code: int
    reason: str
    lines: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long the launcher waited for a process: from its line to the next one."""

    stop: Fact
    after: Fact
    time: timedelta

    @property
    def pid(self) -> int:
        return int(self.stop.fields["pid"])

    @property
    def ms(self) -> int:
        return self.time // timedelta(milliseconds=1)


def found_dead(records: Iterable[LogRecord], ranks: RankMap) -> FoundDead | None:
    """The process that ended first in the launcher's eyes; None where the times do not tell.

    Only for a launcher alone: with several hosts each has one.
    """
    closings = [item for record in records for item in _closings(record.facts)]
    if len(closings) != 1 or not ranks.one_host:
        return None
    waits = _waits(closings[0], set(ranks.exited))
    if len(waits) < 2 or not _tells(waits[0], waits[1]):
        return None
    gone, other = waits[:2]
    rank = ranks.complete(Origin(pid=gone.pid)).rank
    if rank is None:
        return None
    reason = f"the launcher waited {gone.ms} ms for its end, {other.ms} ms or more for the others'"
    code = int(closings[0][-1].fields["code"])
    return FoundDead(rank, code, reason, (_evidence(gone.stop), _evidence(gone.after)))


def _closings(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """The launcher's closing lines: of each process one, then that of the exit code."""
    stops: list[Fact] = []
    for fact in facts:
        if fact.kind == "stopping":
            stops.append(fact)
        elif fact.kind == "returned" and stops:
            yield [*stops, fact]
        if fact.kind in ("returned", "signalled", "spawned"):
            stops = []


def _waits(lines: Sequence[Fact], well: set[int]) -> list[_Wait]:
    """How long the launcher waited for each process, the shortest first; nothing without times.

    Not for ``well``, of which it said before that they ended with code 0.
    """
    waits = []
    for stop, after in pairwise(lines):
        if stop.origin.time is None or after.origin.time is None:
            return []
        waits.append(_Wait(stop, after, after.origin.time - stop.origin.time))
    return sorted((item for item in waits if item.pid not in well), key=lambda item: item.time)


def _tells(shortest: _Wait, next_: _Wait) -> bool:
    """Was there one process that was not waited for, while all others were?"""
    return timedelta() <= shortest.time <= AT_ONCE and next_.time >= WAITED


def _evidence(fact: Fact) -> Evidence:
    """The line with its time, which is what matters here."""
    time = f"{fact.origin.time:%H:%M:%S.%f}"[:-3] if fact.origin.time else ""
    return Evidence(fact.source, fact.line, f"{time} {fact.text}")
