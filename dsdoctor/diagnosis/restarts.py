"""One log may hold several starts of a job (``>>``, a requeue): only the last is explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.logs.record import LogRecord

LASTING = ("world", "nodes", "deepspeed", "nccl")
"""Facts that every start prints alike, and of which only the first is kept."""


def last_starts(records: Sequence[LogRecord]) -> tuple[list[LogRecord], list[str]]:
    """The records without what was said before the last start, and a note for each that lost some.

    A start is where launch.py spawns a local rank that it has spawned before on the same host.
    """
    kept, notes = [], []
    for record in records:
        starts = _starts(record)
        if len(starts) < 2:
            kept.append(record)
            continue
        kept.append(_from_line(record, starts[-1]))
        notes.append(
            f"{record.name}: holds {len(starts)} starts of a job; the last, from line "
            f"{starts[-1]}, is explained"
        )
    return kept, notes


def _starts(record: LogRecord) -> list[int]:
    """The lines at which a new round of spawning begins; a line that is printed twice begins none.

    A container that starts again gives out the same process ids, so an end counts as well.
    """
    starts: list[int] = []
    spawned: dict[tuple[str | None, str], str] = {}
    ended = False
    for fact in record.facts:
        ended = ended or fact.kind in ("returned", "signalled", "exited")
        if fact.kind != "spawned" or "local_rank" not in fact.fields:
            continue
        key, pid = (fact.origin.host, fact.fields["local_rank"]), fact.fields["pid"]
        if not starts or (key in spawned and (ended or spawned[key] != pid)):
            starts.append(fact.line)
            spawned, ended = {}, False
        spawned[key] = pid
    return starts


def _from_line(record: LogRecord, line: int) -> LogRecord:
    """What the record says from ``line`` on, and the facts of the launcher just before it."""
    return replace(
        record,
        events=tuple(item for item in record.events if item.line >= line),
        tracebacks=tuple(item for item in record.tracebacks if item.first_line >= line),
        facts=tuple(item for item in record.facts if item.line >= line or item.kind in LASTING),
        progress=tuple(item for item in record.progress if item.line >= line),
    )
