"""Takes in a record that another host sent: trusts the lines, reads them again by our own rules.

The other dsdoctor may be another version with other rules, or no dsdoctor at all. What a rule or
a fact is said to have read is read here again, from the line itself; what our rules do not find in
the line is left out. So the other host chooses the lines, but does not judge them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.patterns import compiled
from dsdoctor.logs import facts
from dsdoctor.logs.facts import Fact, fact_of
from dsdoctor.logs.origin import PrefixParser
from dsdoctor.logs.progress import progress_of
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Event, Line, Origin, Progress, Traceback

_ANY_YEAR = 2000
_PARSER = PrefixParser(Origin(), _ANY_YEAR)


def arrived(record: LogRecord, host: str, pack: Pack) -> LogRecord:
    """``record`` as if it had been read here: called ``host:path``, by our rules, of ``host``.

    Args:
        record: what the other host sent, decoded.
        host: what we call it; given to all who wrote a line that does not tell its host.
        pack: our rules.
    """
    name = f"{host}:{record.name}"
    events = tuple(filter(None, (_event(event, name, host, pack) for event in record.events)))
    left_out = len(record.events) - len(events)
    note = f"{name}: {left_out} matches left out: the rules here do not find them"
    return replace(
        record,
        name=name,
        origin=_at(record.origin, host),
        events=events,
        tracebacks=tuple(_traceback(item, name, host) for item in record.tracebacks if item.links),
        facts=tuple(filter(None, (_fact(fact, name, host) for fact in record.facts))),
        progress=tuple(filter(None, (_progress(item, name, host) for item in record.progress))),
        tail=tuple(_line(line, host) for line in record.tail),
        notes=(*(f"{host}: {item}" for item in record.notes), *([note] if left_out else [])),
    )


def _event(event: Event, name: str, host: str, pack: Pack) -> Event | None:
    """The event with what our rule reads from its line; None if it reads nothing."""
    found = _read_again(event, pack)
    if found is None:
        return None
    pattern, fields = found
    writer = _at(event.writer, host)
    # a line about another rank does not say where that one is
    elsewhere = event.origin.rank is not None and event.origin.rank != event.writer.rank
    return replace(
        event,
        source=name,
        writer=writer,
        origin=event.origin if elsewhere else _at(event.origin, host),
        fields={**event.fields, **fields},
        pattern=pattern,
    )


def _read_again(event: Event, pack: Pack) -> tuple[int, Mapping[str, str]] | None:
    """Which pattern of our rule fits the line, and its fields; the one that is named goes first."""
    if event.rule not in pack:
        return None
    rule = pack[event.rule]
    _, text = _PARSER.split(event.text)
    if any(compiled(regex).search(text) for regex in rule.unless):
        return None
    numbers = sorted(range(len(rule.match)), key=lambda number: number != event.pattern)
    for number in numbers:
        if match := compiled(rule.match[number].regex).search(text):
            return number, {key: value for key, value in match.groupdict().items() if value}
    return None


def _fact(fact: Fact, name: str, host: str) -> Fact | None:
    """The fact as we read it from its line."""
    line = Line(fact.line, fact.text, _at(fact.origin, host))
    for index, (kind, *_) in enumerate(facts.PATTERNS):
        if kind == fact.kind and (found := fact_of(index, name, line)):
            return found
    return None


def _traceback(item: Traceback, name: str, host: str) -> Traceback:
    return replace(item, source=name, origin=_at(item.origin, host))


def _progress(item: Progress, name: str, host: str) -> Progress | None:
    """The step as we read it from its line: JSON has no word for a loss that is not a number."""
    return progress_of(name, Line(item.line, item.text, _at(item.origin, host)))


def _line(line: Line, host: str) -> Line:
    return replace(line, origin=_at(line.origin, host))


@lru_cache(maxsize=1024)
def _at(origin: Origin, host: str) -> Origin:
    """``origin`` on ``host``, unless it names a host itself; the same object for many lines."""
    return origin if origin.host else replace(origin, host=host)
