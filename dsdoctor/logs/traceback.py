"""Puts Python tracebacks together out of the interleaved lines of many ranks."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.logs.open_traceback import HEADER, OpenTraceback, is_header, writer_of
from dsdoctor.model import Line, Traceback

__all__ = ["HEADER", "TracebackAssembler"]

MAX_OPEN = 256
PATIENCE = 400
"""Lines without news after which a traceback is taken as finished (or cut off)."""


class TracebackAssembler:
    """Collects tracebacks from lines fed in order.

    Lines are kept apart by origin; unmarked ranks that print the same traceback at the same
    time are told apart by whose turn it is.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._open: list[OpenTraceback] = []
        self._done: list[Traceback] = []

    @property
    def busy(self) -> bool:
        """Does any traceback still wait for lines?"""
        return bool(self._open)

    def feed(self, line: Line, raw: str) -> None:
        """Take one line: ``line.text`` without prefix, ``raw`` the whole cleaned line."""
        self._expire(line.number)
        writer = writer_of(line.origin)
        mine = [item for item in self._open if item.writer == writer]
        if is_header(line.text):
            self._header(mine, line)
            return
        for item in sorted(mine, key=lambda item: (not item.in_frames, item.last_fed)):
            if item.feed(line, raw):
                return
        for item in mine:
            if not item.in_frames and not item.expects_header and line.text.strip():
                self._finish(item)

    def drain(self, *, final: bool = False) -> Iterator[Traceback]:
        """Finished tracebacks; with ``final`` the unfinished ones as well."""
        if final:
            for item in list(self._open):
                self._finish(item)
        done, self._done = self._done, []
        yield from done

    def _header(self, mine: list[OpenTraceback], line: Line) -> None:
        nested = line.text.strip().startswith("Original ")
        for item in mine:
            if item.expects_header or (nested and not item.in_frames):
                item.restart(line)
                return
        if len(self._open) >= MAX_OPEN:
            self._finish(min(self._open, key=lambda item: item.last_fed))
        self._open.append(OpenTraceback(line))

    def _expire(self, number: int) -> None:
        for item in [item for item in self._open if number - item.last_fed > PATIENCE]:
            self._finish(item)

    def _finish(self, item: OpenTraceback) -> None:
        self._open.remove(item)
        self._done.append(item.close(self._source))
