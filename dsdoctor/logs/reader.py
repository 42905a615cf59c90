"""Reads one log: blocks in, a ``LogRecord`` out, memory bounded whatever the size."""

from __future__ import annotations

from collections.abc import Callable

from dsdoctor.logs.blocks import Block, line_bounds, read_blocks
from dsdoctor.logs.clean import clean
from dsdoctor.logs.facts import Fact, identity_of
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.origin import PrefixParser
from dsdoctor.logs.progress import progress_of
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.store import EventStore, TracebackStore
from dsdoctor.logs.traceback import TracebackAssembler
from dsdoctor.model import Line, Origin, Progress

TAIL_BYTES = 32 * 1024
LOOK_BACK = 4096
MAX_LOOK_BACKS = 400
MAX_FACTS = 20_000
STALE = 2_000
"""Lines in a row for which a literal told nothing new, after which only its last one in a block
is looked at: a flood of one message must not set the pace."""


class LogReader:
    """Reads a log once, from start to end.

    Args:
        matcher: the rules.
        name: the file's name as evidence shows it.
        origin: what the name tells about the writer.
        year: of times without a year.
    """

    def __init__(self, matcher: Matcher, name: str, origin: Origin, year: int) -> None:
        self._matcher = matcher
        self._name = name
        self._origin = origin
        self._parser = PrefixParser(origin, year)
        self._assembler = TracebackAssembler(name)
        self._events = EventStore()
        self._tracebacks = TracebackStore()
        self._facts: list[Fact] = []
        self._progress: list[Progress] = []
        self._known_facts: set[tuple[object, ...]] = set()
        self._stale: dict[int, int] = {}
        self._look_backs = 0
        self._tail = b""
        self._binary = False
        self._lines = self._bytes = 0

    def read(self, read: Callable[[int], bytes], advance: Callable[[int], None]) -> LogRecord:
        """Read everything that ``read`` gives; ``advance`` is told the bytes done.

        Raises:
            whatever ``read`` raises; use ``record`` for what was read until then.
        """
        for block in read_blocks(read):
            self._binary = self._binary or (not self._bytes and _is_binary(block.data))
            self._block(block)
            advance(len(block.data))
        return self.record()

    def record(self, *notes: str) -> LogRecord:
        """The record of what was read so far."""
        for traceback in self._assembler.drain(final=True):
            self._tracebacks.add(traceback)
        tail = self._tail_lines()
        if self._binary:
            notes = (*notes, f"{self._name}: looks like binary data, not like a log")
        return LogRecord(
            name=self._name,
            origin=self._origin,
            events=tuple(sorted(self._events, key=lambda event: event.line)),
            tracebacks=tuple(sorted(self._tracebacks, key=lambda item: item.first_line)),
            facts=tuple(self._facts),
            progress=tuple(sorted(self._progress, key=lambda item: item.line)),
            tail=tail,
            lines=self._lines,
            bytes=self._bytes,
            notes=notes,
        )

    def _block(self, block: Block) -> None:
        """Jump from hit to hit; while a traceback is open, walk line by line."""
        data, number, counted, position = block.data, block.first_line, 0, 0
        hits = list(self._fresh(block.data))
        index = 0
        while position < len(data):
            if not self._assembler.busy:
                while index < len(hits) and hits[index] < position:
                    index += 1
                if index == len(hits):
                    break
                position = hits[index]
            start, end = line_bounds(data, position)
            number += data.count(b"\n", counted, start)
            counted = start
            while index < len(hits) and hits[index] < start:
                index += 1
            is_hit = index < len(hits) and hits[index] < end
            self._line(data, start, end, number, is_hit)
            position = end + 1
        self._finish_block(block)

    def _fresh(self, data: bytes) -> list[int]:
        """Offsets of hits; of literals that have become stale only the last."""
        offsets, last = [], {}
        for offset, anchor in self._matcher.scanner.hits(data):
            if self._stale.get(anchor, 0) < STALE:
                offsets.append(offset)
            else:
                last[anchor] = offset
        return sorted([*offsets, *last.values()]) if last else offsets

    def _line(self, data: bytes, start: int, end: int, number: int, is_hit: bool) -> None:
        """Look at one line: as part of a traceback, and for rules and facts."""
        raw = data[start:end]
        whole = clean(raw)
        origin, text = self._parser.split(whole)
        line = Line(number, text, origin)
        found = self._matcher.scanner.all_in(raw) if is_hit else set()
        if self._assembler.busy or self._matcher.header in found:
            self._assembler.feed(line, whole)
            for traceback in self._assembler.drain():
                self._tracebacks.add(traceback)
        if found:
            self._match(found, line, whole, data, start)

    def _match(self, found: set[int], line: Line, whole: str, data: bytes, start: int) -> None:
        """Take the events and facts of a line, and note whether there was anything new."""
        events = self._matcher.events(found, self._name, line, whole)
        news = sum(self._events.add(event) for event in events)
        new_trouble = news or self._matcher.header in found
        if new_trouble and self._look_backs < MAX_LOOK_BACKS:
            self._look_backs += 1
            self._sample(data[max(0, start - LOOK_BACK) : start], line.number, ends_before=True)
        news += sum(map(self._learn, self._matcher.facts(found, self._name, line)))
        for anchor in found:
            self._stale[anchor] = 0 if news else self._stale.get(anchor, 0) + 1

    def _learn(self, fact: Fact) -> bool:
        """Keep a fact unless the same was said before."""
        key = identity_of(fact)
        # NCCL prints a few lines for every rank and communicator; they must not crowd out the
        # launcher's closing lines
        room = MAX_FACTS // 2 if fact.kind.startswith("nccl-") else MAX_FACTS
        if key in self._known_facts or len(self._facts) >= room:
            return False
        self._known_facts.add(key)
        self._facts.append(fact)
        return True

    def _sample(self, piece: bytes, number: int, *, ends_before: bool = False) -> None:
        """Keep the last sign of progress in ``piece``, which ends before line ``number``."""
        pieces = piece.split(b"\n")
        last = number - (1 if ends_before else 0)
        if ends_before:
            pieces.pop()
        for back, raw in enumerate(reversed(pieces)):
            origin, text = self._parser.split(clean(raw.rstrip(b"\r").rpartition(b"\r")[2]))
            if progress := progress_of(self._name, Line(last - back, text, origin)):
                if not self._progress or self._progress[-1].line != progress.line:
                    self._progress.append(progress)
                return

    def _finish_block(self, block: Block) -> None:
        self._bytes += len(block.data)
        newlines = block.data.count(b"\n")
        self._lines = block.first_line - 1 + newlines + (not block.data.endswith(b"\n"))
        if block.is_last and not block.data:
            self._lines -= 1
        self._tail = (self._tail + block.data)[-TAIL_BYTES:]
        if not block.is_last:
            self._sample(block.data[-LOOK_BACK:], block.first_line + newlines)

    def _tail_lines(self) -> tuple[Line, ...]:
        """The last lines of the log, and the progress they show."""
        pieces = self._tail.split(b"\n")
        if pieces and not pieces[-1]:
            pieces.pop()
        first = self._lines - len(pieces) + 1
        lines = []
        for number, raw in enumerate(pieces, first):
            origin, text = self._parser.split(clean(raw.rstrip(b"\r").rpartition(b"\r")[2]))
            lines.append(Line(number, text, origin))
        found = (progress_of(self._name, line) for line in lines)
        self._progress += [item for item in found if item is not None]
        return tuple(lines)


def _is_binary(data: bytes) -> bool:
    """Is much of the start neither text nor UTF-8?"""
    head = data[:4096]
    odd = head.decode("utf-8", "replace").count("\ufffd") + head.count(b"\0")
    return odd > 0.2 * len(head)
