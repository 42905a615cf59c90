"""Tells a file that several hosts share from files of the same name on each of them.

Where all hosts see one folder, every host sends the same records. Whoever wrote the file is then
none of them in particular: only its lines can tell the host.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.arrival import arrived
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin

NOBODY = ""


def once(found: Iterable[tuple[str, LogRecord]]) -> list[tuple[LogRecord, list[str]]]:
    """Each record with the hosts that sent it, in the order in which they first came.

    Files count as one if all that was read of them is equal: name, size, and every line kept.
    Empty ones are alike by chance.
    """
    result: list[tuple[LogRecord, list[str]]] = []
    alike: dict[tuple[str, int, int], list[tuple[LogRecord, list[str]]]] = {}
    for host, record in found:
        candidates = alike.setdefault((record.name, record.bytes, record.lines), [])
        for known, hosts in candidates:
            if record.lines and host not in hosts and known == record:
                hosts.append(host)
                break
        else:
            candidates.append((record, [host]))
            result.append(candidates[-1])
    return result


def taken_in(record: LogRecord, hosts: list[str], pack: Pack) -> LogRecord:
    """The record as of its host; one that several sent is as of none, and keeps its plain name."""
    if len(hosts) == 1:
        return arrived(record, hosts[0], pack)
    return _plain(arrived(record, NOBODY, pack), record)


def notes_on(found: Iterable[tuple[LogRecord, list[str]]]) -> list[str]:
    """Which hosts were taken to share how many files."""
    counts: dict[tuple[str, ...], int] = {}
    for _, hosts in found:
        if len(hosts) > 1:
            counts[tuple(hosts)] = counts.get(tuple(hosts), 0) + 1
    return [
        f"{', '.join(hosts)}: {count} file{'s' if count > 1 else ''} read the same on each of "
        f"these hosts; taken as shared and counted once"
        for hosts, count in counts.items()
    ]


def _plain(record: LogRecord, sent: LogRecord) -> LogRecord:
    """The record without the mark of nobody."""
    name = sent.name
    return replace(
        record,
        name=name,
        origin=_of(record.origin),
        events=tuple(
            replace(item, source=name, writer=_of(item.writer), origin=_of(item.origin))
            for item in record.events
        ),
        tracebacks=tuple(
            replace(item, source=name, origin=_of(item.origin)) for item in record.tracebacks
        ),
        facts=tuple(replace(item, source=name, origin=_of(item.origin)) for item in record.facts),
        progress=tuple(
            replace(item, source=name, origin=_of(item.origin)) for item in record.progress
        ),
        tail=tuple(replace(line, origin=_of(line.origin)) for line in record.tail),
        notes=tuple(note.removeprefix(":").lstrip() for note in record.notes),
    )


def _of(origin: Origin) -> Origin:
    return replace(origin, host=origin.host or None)
