"""Keeps events in bounded memory: the first few of a kind, the last, and how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsdoctor.model import Event, Traceback

KEEP_EVENTS = 3
KEEP_TRACEBACKS = 2
MAX_KINDS = 50_000
"""Rule times rank times host; beyond this, new kinds are counted but not kept."""

_Key = tuple[object, ...]


class EventStore:
    """Events by rule and writer."""

    def __init__(self) -> None:
        self._kept: dict[_Key, list[Event]] = {}
        self._counts: dict[_Key, int] = {}
        self.dropped = 0

    def add(self, event: Event) -> bool:
        """Take an event; False if it is only counted."""
        origin = event.origin
        key = (event.rule, event.pattern, origin.rank, origin.local_rank, origin.host)
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= MAX_KINDS:
                self.dropped += 1
                return False
            kept = self._kept[key] = []
        self._counts[key] = self._counts.get(key, 0) + 1
        if len(kept) > KEEP_EVENTS:
            kept[-1] = event
            return False
        kept.append(event)
        return True

    def __iter__(self) -> Iterator[Event]:
        for key, kept in self._kept.items():
            last = kept[-1].line
            for event in kept:
                yield replace(event, count=self._counts[key], last_line=last)


class TracebackStore:
    """Tracebacks by writer, exception and place."""

    def __init__(self) -> None:
        self._kept: dict[_Key, list[Traceback]] = {}

    def add(self, traceback: Traceback) -> None:
        """Take a traceback, unless enough like it are kept."""
        first, origin = traceback.links[0], traceback.origin
        place = first.frames[-1] if first.frames else None
        key = (origin.rank, origin.local_rank, origin.host, first.exception, first.message, place)
        if key not in self._kept and len(self._kept) >= MAX_KINDS:
            return
        kept = self._kept.setdefault(key, [])
        if len(kept) < KEEP_TRACEBACKS + (origin.rank is None) * 14:
            kept.append(traceback)

    def __iter__(self) -> Iterator[Traceback]:
        for kept in self._kept.values():
            yield from kept
