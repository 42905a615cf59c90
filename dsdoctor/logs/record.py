"""What was read from one log."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsdoctor.logs.facts import Fact
from dsdoctor.model import Event, Line, Origin, Progress, Traceback


@dataclass(frozen=True, slots=True)
class LogRecord:
    """The observations of one source, in the order of its lines.

    ``tail`` holds the last lines, prefixes taken off.
    """

    name: str
    origin: Origin = field(default_factory=Origin)
    events: tuple[Event, ...] = ()
    tracebacks: tuple[Traceback, ...] = ()
    facts: tuple[Fact, ...] = ()
    progress: tuple[Progress, ...] = ()
    tail: tuple[Line, ...] = ()
    lines: int = 0
    bytes: int = 0
    notes: tuple[str, ...] = field(default=())
