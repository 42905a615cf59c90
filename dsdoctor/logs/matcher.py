"""Turns a line into events: which rules match it, and what they read from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dsdoctor.knowledge.pack import Pack, with_anchors
from dsdoctor.knowledge.patterns import compiled
from dsdoctor.knowledge.rule import Rule
from dsdoctor.logs import facts
from dsdoctor.logs.facts import Fact
from dsdoctor.logs.scanner import AhoCorasickScanner, Scanner
from dsdoctor.logs.traceback import HEADER
from dsdoctor.model import Event, Line, Origin


class Matcher:
    """The rules of a pack, arranged by the literals that announce them.

    Args:
        pack: the rules. Regexes are compiled when their literal is first seen, since a log
            meets few of them and compiling all would dominate the start-up time.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._rules: dict[str, list[tuple[str, int]]] = {}
        for rule in pack:
            for number, pattern in enumerate(rule.match):
                for anchor in with_anchors(pattern).anchors:
                    self._rules.setdefault(anchor, []).append((rule.code, number))
        names = dict.fromkeys((*self._rules, *facts.ANCHORS, HEADER))
        self._anchors = list(names)
        self.header = self._anchors.index(HEADER)
        self.scanner: Scanner = AhoCorasickScanner([name.encode() for name in self._anchors])
        self._facts = _by_anchor()

    def events(self, found: Iterable[int], source: str, line: Line, whole: str) -> list[Event]:
        """The events of one line: of each rule the first pattern that fits, as written.

        Args:
            found: indexes of the anchors in the line.
            source: the file's name.
            line: the line without its prefix.
            whole: the cleaned line with its prefix, kept as evidence.
        """
        named = {pair for index in found for pair in self._rules.get(self._anchors[index], ())}
        result: list[Event] = []
        done: set[str] = set()
        for code, number in sorted(named):
            rule = self._pack[code]
            # patterns that ask for a frame are all kept: which one applies is known only later
            if code in done or not (event := _event(rule, number, source, line, whole)):
                continue
            result.append(event)
            if not rule.match[number].frame:
                done.add(code)
        return result

    def facts(self, found: Iterable[int], source: str, line: Line) -> list[Fact]:
        """What the line tells about the job as such."""
        numbers = sorted({n for index in found for n in self._facts.get(self._anchors[index], ())})
        read = (facts.fact_of(number, source, line) for number in numbers)
        return [fact for fact in read if fact is not None]


def _by_anchor() -> dict[str, list[int]]:
    result: dict[str, list[int]] = {}
    for number, anchor in enumerate(facts.ANCHORS):
        result.setdefault(anchor, []).append(number)
    return result


def _event(rule: Rule, number: int, source: str, line: Line, whole: str) -> Event | None:
    """The event that pattern ``number`` of ``rule`` reads from ``line``, if it matches."""
    match = compiled(rule.match[number].regex).search(line.text)
    if match is None or any(compiled(regex).search(line.text) for regex in rule.unless):
        return None
    fields = {name: value for name, value in match.groupdict().items() if value}
    return Event(
        rule=rule.code,
        source=source,
        line=line.number,
        text=whole,
        writer=line.origin,
        origin=_origin(line.origin, fields),
        fields=fields,
        pattern=number,
    )


def _origin(origin: Origin, fields: dict[str, str]) -> Origin:
    """The origin of what the line talks about: a rank named in it beats the rank that spoke."""
    named = {name: _number(fields.get(name)) for name in ("rank", "local_rank", "pid")}
    if all(value is None for value in named.values()):
        return replace(origin, host=fields.get("host", origin.host))
    return Origin(**named, host=fields.get("host", origin.host), time=origin.time)


def _number(value: str | None) -> int | None:
    """A field as a number, if it is one."""
    return int(value) if value and value.isdecimal() and len(value) < 10 else None
