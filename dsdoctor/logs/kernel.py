"""Reads the kernel's log of a node: dmesg, ``journalctl -k``, syslog.

The rules are the same as for a job's log. What differs: such a log spans weeks and all processes
of the node, so every process and device is kept apart (a job's log keeps the first of a kind),
and the several lines about one out-of-memory kill become one event.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dsdoctor.logs.blocks import Block, line_bounds, read_blocks
from dsdoctor.logs.clean import clean
from dsdoctor.logs.kernel_events import KeptEvents, Key, key_of
from dsdoctor.logs.kernel_fields import LOOK_BACK, OOM, enriched
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.origin import PrefixParser
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Line, Origin

MAX_SEEN = 20_000
"""Wordings remembered, so that one seen before is only counted."""
STALE = 100_000
"""Lines in a row for which a literal told nothing new, after which only its last one in a block
is looked at. High, for a rare Xid must not drown in a flood of another."""

_STAMP = re.compile(rb"(?:\[[^\]\n]{1,40}\] ?|[^\n]{12,80}? kernel: ?)+")
_ADDRESS = re.compile(rb"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,16}\b")


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
        self._kept = KeptEvents()
        self._stale: dict[int, int] = {}
        self._seen: dict[bytes, tuple[Key, ...]] = {}
        self._lines = self._bytes = 0

    def read(self, read: Callable[[int], bytes]) -> LogRecord:
        """Read everything that ``read`` gives.

        Raises:
            whatever ``read`` raises; use ``record`` for what was read until then.
        """
        for block in read_blocks(read):
            self._block(block)
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
        return LogRecord(
            name=self._name,
            origin=self._origin,
            events=tuple(self._kept.all()),
            lines=self._lines,
            bytes=self._bytes,
            notes=notes,
        )

    def _block(self, block: Block) -> None:
        """Look at each line with a hit once."""
        data, number, counted, done = block.data, block.first_line, 0, -1
        for offset in self._fresh(data):
            if offset < done:
                continue
            start, end = line_bounds(data, offset)
            number += data.count(b"\n", counted, start)
            counted, done = start, end
            self._line(data, start, end, number)

    def _line(self, data: bytes, start: int, end: int, number: int) -> None:
        """Take the events of a line; of a wording seen before only the count."""
        raw = data[start:end]
        found = self._matcher.scanner.all_in(raw)
        wording = _wording(raw)
        keys, news = self._seen.get(wording), False
        if keys is not None:
            self._kept.again(keys, number)
        else:
            news = self._new(raw, wording, found, number, data[max(0, start - LOOK_BACK) : start])
        for anchor in found:
            self._stale[anchor] = 0 if news else self._stale.get(anchor, 0) + 1

    def _new(self, raw: bytes, wording: bytes, found: set[int], number: int, before: bytes) -> bool:
        """Take the events of a line of a new wording; is any of them news?"""
        whole = clean(raw)
        origin, text = self._parser.split(whole)
        line = Line(number, text, origin)
        events = [
            enriched(event, text, before)
            for event in self._matcher.events(found, self._name, line, whole)
        ]
        # a kill is told in several lines, which are not repetitions of each other
        if len(self._seen) < MAX_SEEN and all(event.rule != OOM for event in events):
            self._seen[wording] = tuple(map(key_of, events))
        return any([self._kept.add(event) for event in events])  # noqa: C419 - all must be added

    def _fresh(self, data: bytes) -> list[int]:
        """Offsets of hits; of literals that have become stale only the last."""
        offsets: list[int] = []
        last: dict[int, int] = {}
        for offset, anchor in self._matcher.scanner.hits(data):
            if self._stale.get(anchor, 0) < STALE:
                offsets.append(offset)
            else:
                last[anchor] = offset
        return sorted([*offsets, *last.values()]) if last else offsets


def _wording(raw: bytes) -> bytes:
    """The line without what differs each time: seconds and addresses, but for the hour."""
    stamp = _STAMP.match(raw)
    text = _ADDRESS.sub(b"#", raw[stamp.end() if stamp else 0 :])
    hour = stamp[0].partition(b":")[0] if stamp and b":" in stamp[0] else b""
    return hour + b"|" + text
