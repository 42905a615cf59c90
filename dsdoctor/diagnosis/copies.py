"""Recognises the traceback of an error.json that stands in a log as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin, Traceback

_Key = tuple[tuple[str, str, str, int], ...]


def without_copies(records: Sequence[LogRecord], logs: Iterable[LogRecord]) -> list[LogRecord]:
    """Empty the records whose tracebacks the logs have too, marked with their rank.

    A log that leaves the rank out (torch before 2.3) does not make the error.json worthless: it
    tells whose exception it was, so it stays.
    """
    known: dict[_Key, list[Origin]] = {}
    for log in logs:
        for traceback in log.tracebacks:
            known.setdefault(_key(traceback), []).append(traceback.origin)
    return [_emptied(record) if _is_copy(record, known) else record for record in records]


def _is_copy(record: LogRecord, known: dict[_Key, list[Origin]]) -> bool:
    return bool(record.tracebacks) and all(
        any(_same(record.origin, origin) for origin in known.get(_key(traceback), ()))
        for traceback in record.tracebacks
    )


def _emptied(record: LogRecord) -> LogRecord:
    return replace(record, events=(), tracebacks=(), tail=())


def _key(traceback: Traceback) -> _Key:
    """Exceptions, what they say, and where they were raised; outer frames may differ."""
    return tuple(
        (
            link.exception,
            link.message.partition("\n")[0],
            link.frames[-1].file if link.frames else "",
            link.frames[-1].line if link.frames else 0,
        )
        for link in traceback.links
    )


def _same(witness: Origin, log: Origin) -> bool:
    """Is the log's traceback marked as that of the witness's process?"""
    if witness.host and log.host and witness.host != log.host:
        return False
    mine = {number for number in (witness.rank, witness.local_rank) if number is not None}
    marks = {number for number in (log.rank, log.local_rank) if number is not None}
    return bool(mine & marks)
