"""Log records on the way between hosts: to JSON there, back here.

The other end is not trusted: sizes, types and control characters are seen to here, what the
records claim in ``dsdoctor.logs.arrival``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from dsdoctor.logs.harmless import document
from dsdoctor.logs.record import LogRecord

SCHEMA = "dsdoctor.events/1"
MAX_BYTES = 16 * 1024 * 1024
_TAILS = (200, 40, 5)
"""Last lines kept of each log, tried in turn while a host's logs do not fit into one document."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that was read on one host. ``notes`` tell what was passed over there."""

    schema: str = SCHEMA
    version: str = ""
    host: str = ""
    records: tuple[LogRecord, ...] = ()
    notes: tuple[str, ...] = ()


def pack_up(parcel: Parcel, limit: int = MAX_BYTES) -> bytes:
    """``parcel`` as JSON of at most ``limit`` bytes; what does not fit is left out and noted."""
    data = msgspec.json.encode(parcel)
    for lines in _TAILS:
        if len(data) <= limit:
            return data
        parcel = replace(parcel, records=tuple(_shorter(item, lines) for item in parcel.records))
        data = msgspec.json.encode(parcel)
    return data if len(data) <= limit else _fewer(parcel, limit)


def unpack(data: bytes) -> Parcel:
    """The parcel in ``data``, its text made harmless.

    Raises:
        ForeignError: it is none, or one of another schema.
    """
    return document(data, SCHEMA, Parcel)


def _shorter(record: LogRecord, lines: int) -> LogRecord:
    """A record with less of what is only context."""
    return replace(record, tail=record.tail[-lines:], progress=record.progress[-lines:])


def _fewer(parcel: Parcel, limit: int) -> bytes:
    """As many of the records as fit, those with something to tell first."""
    order = sorted(parcel.records, key=lambda item: not (item.events or item.tracebacks))
    kept: list[LogRecord] = []
    left = limit - 4096 - len(msgspec.json.encode(replace(parcel, records=())))
    for record in order:
        left -= len(msgspec.json.encode(record)) + 1
        if left < 0:
            break
        kept.append(record)
    note = f"{len(order) - len(kept)} of {len(order)} logs left out: too much for one answer"
    return msgspec.json.encode(
        replace(parcel, records=tuple(kept), notes=(*parcel.notes[:20], note))
    )
