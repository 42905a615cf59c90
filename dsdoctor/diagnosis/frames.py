"""Ties events to the traceback they were printed in, and reads frames."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dsdoctor.knowledge.patterns import compiled
from dsdoctor.knowledge.rule import Pattern
from dsdoctor.model import Event, ExceptionLink, Frame, Origin, Traceback

_LIBRARY = re.compile(
    r"(?:site|dist)-packages/|/lib/python3|^<|/bin/(?:torchrun|deepspeed|accelerate|ds)$"
    r"|(?:^|/)(?:torch|deepspeed|transformers|accelerate|peft|trl)/[\w/]+\.py$"
)
_COLLECTIVE = re.compile(
    r"torch/distributed/(?!elastic|run\.py|launch)|deepspeed/comm/|/c10d_logger\.py"
)
_WAITING = re.compile(r"work\.wait\(|\.barrier\(|all_?reduce|all_?gather|broadcast|reduce_scatter")


class TracebackIndex:
    """Finds the traceback of an event quickly.

    Args:
        tracebacks: those of all sources.
    """

    def __init__(self, tracebacks: Iterable[Traceback]) -> None:
        self._by_writer: dict[tuple[object, ...], list[Traceback]] = {}
        for traceback in tracebacks:
            key = (traceback.source, *_writer(traceback.origin))
            self._by_writer.setdefault(key, []).append(traceback)

    def find(self, event: Event) -> Traceback | None:
        """The traceback that the event's line belongs to.

        Unmarked ranks may print at the same time; the one whose exception line it is wins.
        """
        mine = self._by_writer.get((event.source, *_writer(event.writer)), ())
        around = [item for item in mine if item.first_line <= event.line <= item.last_line]
        exact = [item for item in around if _is_exception_line(event, item)]
        return next(iter(exact or around), None)


def link_of(event: Event, traceback: Traceback) -> int:
    """The index of the exception in the chain that the event's line belongs to."""
    for number, link in enumerate(traceback.links):
        if link.first_line <= event.line <= link.last_line:
            return number
    return 0


def has_frame(pattern: Pattern, traceback: Traceback) -> bool:
    """Does any frame of the traceback match ``pattern.frame``?"""
    frames = (frame for link in traceback.links for frame in link.frames)
    return any(compiled(pattern.frame).search(described(frame)) for frame in frames)


def described(frame: Frame) -> str:
    """A frame as ``frame:`` regexes see it: ``file:function:code``."""
    return f"{frame.file}:{frame.function}:{frame.code}"


def is_users(frame: Frame) -> bool:
    """Is this the user's own code, not a library's?"""
    return not _LIBRARY.search(frame.file)


def user_frame(link: ExceptionLink) -> Frame | None:
    """The innermost frame of the user's own code."""
    return next((frame for frame in reversed(link.frames) if is_users(frame)), None)


def waits_for_others(link: ExceptionLink) -> bool:
    """Was the exception raised while waiting in a collective, so that a peer may be the cause?"""
    inner = link.frames[-3:]
    if any(_COLLECTIVE.search(frame.file) for frame in inner):
        return True
    return bool(inner) and bool(_WAITING.search(inner[-1].code))


def _writer(origin: Origin) -> tuple[object, ...]:
    """What must agree between lines of one process; a time on one only means another program."""
    return origin.rank, origin.local_rank, origin.host, origin.time is None


def _is_exception_line(event: Event, traceback: Traceback) -> bool:
    return any(link.exception_line == event.line for link in traceback.links)
