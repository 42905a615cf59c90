"""An incident: one thing that went wrong in one process, with all that was printed about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dsdoctor.diagnosis.frames import TracebackIndex, has_frame, link_of, waits_for_others
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.patterns import compiled
from dsdoctor.knowledge.rule import Rule
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Event, ExceptionLink, Origin, Traceback

UNRECOGNISED = "DSX001"
_ROLE_ORDER = {"cause": 0, "either": 1, "consequence": 2, "context": 3}


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that went wrong, named by the rule that knows it best.

    ``line`` is the best evidence. ``link`` is the exception it is about, ``None`` without a
    traceback, ``chain`` all exceptions of that traceback. ``order`` sorts incidents by time where
    there is one, else by position.
    """

    rule: Rule
    source: str
    line: int
    text: str
    origin: Origin
    fields: Mapping[str, str]
    link: ExceptionLink | None = None
    chain: tuple[ExceptionLink, ...] = ()
    event: Event | None = None
    order: tuple[float, int, int] = (0.0, 0, 0)
    count: int = 1

    @property
    def waits(self) -> bool:
        """Was it only waiting for other ranks when it failed?"""
        return self.link is not None and waits_for_others(self.link)


def incidents_of(records: Iterable[LogRecord], pack: Pack) -> list[Incident]:
    """Put events and tracebacks of all logs together."""
    result: list[Incident] = []
    for record in records:
        result += _of_record(record, pack)
    return result


def _of_record(record: LogRecord, pack: Pack) -> list[Incident]:
    """The incidents of one log."""
    index = TracebackIndex(record.tracebacks)
    inside: dict[int, list[Event]] = {id(traceback): [] for traceback in record.tracebacks}
    loose: list[Event] = []
    for event in _unshadowed(record.events, pack):
        traceback = index.find(event)
        pattern = pack[event.rule].match[event.pattern]
        if pattern.frame and (traceback is None or not has_frame(pattern, traceback)):
            continue
        (loose if traceback is None else inside[id(traceback)]).append(event)
    told = [_of_traceback(item, inside[id(item)], pack) for item in record.tracebacks]
    return [item for item in told if item] + [_of_event(event, pack) for event in loose]


def _unshadowed(events: Iterable[Event], pack: Pack) -> Iterable[Event]:
    """Events without those whose line a more special rule explains."""
    by_line: dict[tuple[str, int], set[str]] = {}
    events = list(events)
    for event in events:
        by_line.setdefault((event.source, event.line), set()).add(event.rule)
    for event in events:
        others = by_line[event.source, event.line] - {event.rule}
        special = (pack[code] for code in others)
        # a special rule that asks for a frame may yet turn out not to apply
        if not any(event.rule in rule.refines and not _asks_frame(rule) for rule in special):
            yield event


def _asks_frame(rule: Rule) -> bool:
    return any(pattern.frame for pattern in rule.match)


def _of_event(event: Event, pack: Pack) -> Incident:
    rule = pack[event.rule]
    fields = dict(event.fields) | _collected(rule, event, event.text)
    return Incident(
        rule, event.source, event.line, event.text, event.origin, fields,
        event=event, count=event.count,
    )  # fmt: skip


def _of_traceback(traceback: Traceback, events: list[Event], pack: Pack) -> Incident | None:
    """The incident that a traceback and the events within it make together."""
    event = _best(events, traceback, pack)
    if event is not None and not (_only_fallout(event, pack) and _starts_unknown(event, traceback)):
        return _known(traceback, event, pack)
    first = traceback.links[0]
    if not first.exception or UNRECOGNISED not in pack:
        return None
    detail = first.message.splitlines()[0] if first.message else ""
    return Incident(
        pack[UNRECOGNISED],
        traceback.source,
        first.exception_line,
        f"{first.exception}: {detail}" if detail else first.exception,
        traceback.origin,
        {"exception": first.exception, "detail": detail},
        link=first,
        chain=traceback.links,
    )


def _known(traceback: Traceback, event: Event, pack: Pack) -> Incident:
    """A traceback that a rule explains."""
    link = traceback.links[link_of(event, traceback)]
    rule = pack[event.rule]
    text = f"{link.exception}: {link.message}"
    fields = {"exception": link.exception} | dict(event.fields) | _collected(rule, event, text)
    origin = event.origin if event.origin != event.writer else traceback.origin
    return Incident(
        rule,
        traceback.source,
        event.line,
        event.text,
        origin,
        fields,
        link=link,
        chain=traceback.links,
        event=event,
    )


def _best(events: list[Event], traceback: Traceback, pack: Pack) -> Event | None:
    """The event that explains a traceback best: special before general, cause before fallout,
    first in the chain before last, the exception line before others.
    """
    refined = {code for event in events for code in pack[event.rule].refines}
    events = [event for event in events if event.rule not in refined] or events
    events = [event for event in events if _says_something(event, traceback, pack)]

    def key(event: Event) -> tuple[int, int, bool, int]:
        number = link_of(event, traceback)
        role = _ROLE_ORDER[pack[event.rule].role]
        return role, number, event.line != traceback.links[number].exception_line, event.line

    return min(events, key=key, default=None)


def _says_something(event: Event, traceback: Traceback, pack: Pack) -> bool:
    """A harmless line explains a traceback only if it is the exception itself."""
    harmless = pack[event.rule].role == "context"
    return not harmless or event.line == traceback.links[0].exception_line


def _only_fallout(event: Event, pack: Pack) -> bool:
    return pack[event.rule].role == "consequence"


def _starts_unknown(event: Event, traceback: Traceback) -> bool:
    """Did the chain begin with an exception that the event says nothing about?"""
    return link_of(event, traceback) > 0 and bool(traceback.links[0].exception)


def _collected(rule: Rule, event: Event, text: str) -> dict[str, str]:
    """Further fields that the rule reads from the whole exception text."""
    result: dict[str, str] = {}
    for regex in rule.match[event.pattern].collect:
        if match := compiled(regex).search(text):
            result |= {name: value for name, value in match.groupdict().items() if value}
    return result


def placed(incident: Incident, order: tuple[float, int, int], origin: Origin) -> Incident:
    """The incident with its place in the story and its writer worked out."""
    return replace(incident, order=order, origin=origin)
