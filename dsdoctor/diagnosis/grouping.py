"""Folds fan-out: the same thing on many ranks is one group, led by the rank that had it first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dsdoctor.diagnosis.frames import described, user_frame
from dsdoctor.diagnosis.incidents import UNRECOGNISED, Incident
from dsdoctor.knowledge.rule import Rule

_VARIABLE = re.compile(r"0x[0-9a-f]+|\d+")


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents of one kind, in order."""

    incidents: tuple[Incident, ...]

    @property
    def first(self) -> Incident:
        """The incident that came first."""
        return self.incidents[0]

    @property
    def rule(self) -> Rule:
        """The rule they share."""
        return self.first.rule

    @property
    def ranks(self) -> tuple[int, ...]:
        """All ranks known to have had it."""
        known = {item.origin.rank for item in self.incidents}
        return tuple(sorted(rank for rank in known if rank is not None))

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts known to have had it: those that a line names, or else those that wrote it."""
        events = [item.event for item in self.incidents if item.event]
        named = {host for event in events if (host := event.fields.get("host"))}
        wrote = {item.origin.host for item in self.incidents if item.origin.host}
        return tuple(sorted(named or wrote))

    @property
    def count(self) -> int:
        """How many lines say so."""
        kinds = {(item.origin, item.rule.code): item.count for item in self.incidents}
        return max(len(self.incidents), sum(kinds.values()))

    @property
    def last_line(self) -> int:
        """The last line that says so, in the log of the first."""
        return max(
            max(item.line, item.event.last_line if item.event else 0)
            for item in self.incidents
            if item.source == self.first.source
        )


def grouped(incidents: Iterable[Incident]) -> list[Group]:
    """Group incidents, keeping the order of their firsts."""
    groups: dict[tuple[object, ...], list[Incident]] = {}
    for incident in incidents:
        groups.setdefault(_kind(incident), []).append(incident)
    return [Group(tuple(items)) for items in groups.values()]


def _kind(incident: Incident) -> tuple[object, ...]:
    """What makes two incidents the same: the rule; for unknown exceptions also what and where."""
    if incident.rule.code != UNRECOGNISED or incident.link is None:
        return (incident.rule.code, incident.waits)
    link = incident.link
    place = user_frame(link) or (link.frames[-1] if link.frames else None)
    text = _VARIABLE.sub("#", link.message[:200])
    return incident.rule.code, link.exception, text, described(place) if place else ""
