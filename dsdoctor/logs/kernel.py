"""Reads the kernel's log of a node: dmesg, ``journalctl -k``, syslog.

The rules are the same as for a job's log. What differs: such a log spans weeks and all processes
of the node, so every process and device is kept apart (a job's log keeps the first of a kind),
and the several lines about one out-of-memory kill become one event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dsdoctor.logs.blocks import Block, line_bounds, read_blocks
from dsdoctor.logs.clean import clean
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.origin import PrefixParser
from dsdoctor.logs.pci import pci_address
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.xid import xid_meaning
from dsdoctor.model import Event, Line, Origin

OOM = "DSM017"
MAX_KEPT = 4_000
"""Different events kept: rule times process times device."""
LOOK_BACK = 256 * 1024
"""Bytes before an OOM victim in which the memory limit is looked for; a table of all processes
of the node stands between them."""

_VICTIM = re.compile(
    r"[Oo]ut of memory: Kill(?:ed)? process (?P<killed_pid>\d{1,9}),? \((?P<process>[^)]{1,60})\)"
    r"(?:.{0,120}?anon-rss:(?P<rss_kb>\d{1,15})kB)?"
)
_CONSTRAINT = re.compile(
    r"oom-kill:constraint=(?P<constraint>\w+),.{0,400}?(?:oom_memcg=(?P<cgroup>[^,]{1,300}),.{0,400}?)?"
    r"task=(?P<process>[^,]{1,60}),pid=(?P<killed_pid>\d{1,9})"
)
_LIMIT = re.compile(r"\bmemory: usage \d+kB, limit (?P<limit_kb>\d{1,15})kB")
_XID = re.compile(r"Xid \((?P<pci>[^)]{1,30})\): (?P<xid>\d{1,4})\b.*?(?:name='?(?P<process>[\w./-]+))?")
_XID_PROCESS = re.compile(r"\bname='?(?P<process>[\w./:-]{1,60})")
_PCI = re.compile(r"\b(?P<pci>[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\b")


@dataclass(slots=True)
class _Kept:
    """Events by rule, process and device: the first of each, the last line, how many."""

    events: dict[tuple[str, ...], Event] = field(default_factory=dict)
    dropped: int = 0

    def add(self, event: Event) -> None:
        fields = event.fields
        who = fields.get("killed_pid") or fields.get("pid") or fields.get("task") or ""
        where = fields.get("bus") or fields.get("device") or fields.get("server") or ""
        key = (event.rule, str(event.pattern), who, where, event.writer.host or "")
        first = self.events.get(key)
        if first is not None:
            self.events[key] = replace(first, count=first.count + 1, last_line=event.line)
        elif len(self.events) < MAX_KEPT:
            self.events[key] = replace(event, last_line=event.line)
        else:
            self.dropped += 1


class KernelReader:
    """Reads one kernel log once, from start to end.

    Args:
        matcher: the rules.
        name: the file's name as evidence shows it.
        origin: what the name tells: the host.
        year: of times without a year.
    """

    def __init__(self, matcher: Matcher, name: str, origin: Origin, year: int) -> None:
        self._matcher = matcher
        self._name = name
        self._origin = origin
        self._parser = PrefixParser(origin, year)
        self._kept = _Kept()
        self._lines = self._bytes = 0

    def read(self, read: Callable[[int], bytes]) -> LogRecord:
        """Read everything that ``read`` gives.

        Raises:
            whatever ``read`` raises; use ``record`` for what was read until then.
        """
        for block in read_blocks(read):
            for event in self._events(block):
                self._kept.add(event)
            self._bytes += len(block.data)
            self._lines = block.first_line - 1 + block.data.count(b"\n")
        return self.record()

    def record(self, *notes: str) -> LogRecord:
        """The record of what was read so far.

        It has no tail: the end of a kernel log says nothing about the end of the job.
        """
        if self._kept.dropped:
            left = f"{self._name}: {self._kept.dropped} more kernel events were not kept"
            notes = (*notes, left)
        events = _one_per_kill(list(self._kept.events.values()))
        return LogRecord(
            name=self._name,
            origin=self._origin,
            events=tuple(sorted(events, key=lambda event: event.line)),
            lines=self._lines,
            bytes=self._bytes,
            notes=notes,
        )

    def _events(self, block: Block) -> Iterator[Event]:
        """The events of a block, each line once."""
        data, number, counted, done = block.data, block.first_line, 0, -1
        for offset, _ in self._matcher.scanner.hits(data):
            if offset < done:
                continue
            start, end = line_bounds(data, offset)
            number += data.count(b"\n", counted, start)
            counted, done = start, end
            whole = clean(data[start:end])
            origin, text = self._parser.split(whole)
            found = self._matcher.scanner.all_in(data[start:end])
            for event in self._matcher.events(found, self._name, Line(number, text, origin), whole):
                yield enriched(event, text, data[max(0, start - LOOK_BACK) : start])


def enriched(event: Event, text: str, before: bytes = b"") -> Event:
    """``event`` with the process and the device that a line of the kernel names.

    Args:
        event: what a rule read from the line.
        text: the line without its prefix.
        before: what stands before the line, for what an OOM kill says in several lines.

    Returns:
        The event; ``origin.pid`` is the process it is about, ``fields`` gain ``killed_pid``,
        ``process``, ``rss_kb``, ``cgroup``, ``limit_kb``, ``bus`` and ``meaning`` where known.
    """
    more = _oom_fields(text, before) if event.rule == OOM else _device_fields(text)
    fields = {**event.fields, **more}
    pid = fields.get("killed_pid") or fields.get("pid", "")
    origin = event.writer
    if pid.isdecimal() and 0 < len(pid) < 10 and int(pid):
        origin = Origin(host=origin.host, pid=int(pid), time=origin.time)
    return replace(event, fields=fields, origin=origin)


def _oom_fields(text: str, before: bytes) -> dict[str, str]:
    """The victim of an out-of-memory kill, and what its earlier lines say of the limit."""
    victim = _VICTIM.search(text)
    if victim is None:
        own = _CONSTRAINT.search(text)
        return _known(own) if own else {}
    story = before[max(0, before.rfind(b"invoked oom-killer")) :].decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for pattern in (_LIMIT, _CONSTRAINT):
        if match := pattern.search(story):
            fields |= _known(match)
    if fields.get("killed_pid", victim["killed_pid"]) != victim["killed_pid"]:
        fields = {}
    return fields | _known(victim)


def _device_fields(text: str) -> dict[str, str]:
    """The PCI address in one spelling, what the Xid means, and the process it names."""
    xid = _XID.search(text)
    address = xid or _PCI.search(text)
    fields = {"bus": pci_address(address["pci"])} if address else {}
    if xid:
        process = _XID_PROCESS.search(text)
        fields |= {"meaning": xid_meaning(xid["xid"]), "process": process["process"] if process else ""}
    return {name: value for name, value in fields.items() if value}


def _known(match: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value}


def _one_per_kill(events: list[Event]) -> list[Event]:
    """Leave out what only announces or ends a kill whose victim another line names.

    Lines without a victim stay where no line names one, as in a log that was cut.
    """
    victims = {e.fields["killed_pid"] for e in events if _is_victim(e)}
    announced = any(e.rule == OOM and "killed_pid" in e.fields for e in events)
    kept = []
    for event in events:
        pid = event.fields.get("killed_pid")
        told = event.rule == OOM and not _is_victim(event)
        if told and (pid in victims or (pid is None and announced)):
            continue
        kept.append(event)
    return kept


def _is_victim(event: Event) -> bool:
    """Is it the line in which the kernel says whom it killed?"""
    return event.rule == OOM and _VICTIM.search(event.text) is not None
