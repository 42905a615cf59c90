"""Which hosts differ from the others, in what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dsdoctor.model import Evidence, ProbeResult
from dsdoctor.probes.hosts.compared import COMPARED, Compared
from dsdoctor.probes.probe import Complaint

CODE = "DSH011"
MAX_NAMED = 6
"""Hosts that a message names for one value."""
MAX_VALUES = 4
_LONGEST = 60

Result = Mapping[str, ProbeResult]
"""The results of one host by probe."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing: its value by host, the usual one, and the hosts that have something else."""

    row: Compared
    values: Mapping[str, str]
    usual: str
    odd: tuple[str, ...]


def differences(hosts: Mapping[str, Result]) -> Iterator[tuple[Complaint, tuple[str, ...]]]:
    """A complaint for each thing in which hosts differ, with those that are not as most are."""
    for found in comparisons(hosts):
        if found.odd:
            yield _complaint(found.row, found.values, found.usual, found.odd), found.odd


def comparisons(hosts: Mapping[str, Result]) -> Iterator[Comparison]:
    """Everything that is compared and that any host has."""
    for row in COMPARED:
        values = dict(_values(hosts, row))
        usual = _usual(values, row)
        odd = tuple(host for host, value in values.items() if not _alike(value, usual, row))
        if values:
            yield Comparison(row, values, usual, odd)


def _values(hosts: Mapping[str, Result], row: Compared) -> Iterator[tuple[str, str]]:
    """The value of each host that has one, as text that can be compared."""
    for host, results in hosts.items():
        result = results.get(row.probe)
        if result is None or not result.facts:
            continue
        found = _at(result.facts, row.path)
        if found is not None:
            yield host, _text(found)


def _at(value: Any, path: Sequence[str]) -> Any:
    """What stands there; for ``*`` the different ones of all items, for ``#`` the names; sorted."""
    if not path or value is None:
        return value
    head, *rest = path
    if head == "#":
        return ", ".join(sorted(value)) or None if isinstance(value, Mapping) else None
    if head == "*":
        items = value.values() if isinstance(value, Mapping) else value
        texts = {_text(found) for item in items if (found := _at(item, rest)) is not None}
        return " and ".join(sorted(texts)) or None
    return _at(value.get(head), rest) if isinstance(value, Mapping) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _usual(values: Mapping[str, str], row: Compared) -> str:
    """The value of most hosts; of values as frequent, that of the host named first."""
    if not values:
        return ""
    counts = Counter(values.values())
    if row.tolerance:
        near = {
            value: sum(count for other, count in counts.items() if _near(other, value, row))
            for value in counts
        }
        counts = Counter(near)
    return max(dict.fromkeys(values.values()), key=lambda value: counts[value])


def _alike(value: str, usual: str, row: Compared) -> bool:
    return value == usual or _near(value, usual, row)


def _near(value: str, usual: str, row: Compared) -> bool:
    """Two numbers within the tolerance."""
    try:
        left, right = float(value), float(usual)
    except ValueError:
        return value == usual
    return abs(left - right) <= row.tolerance * max(abs(left), abs(right))


def _complaint(
    row: Compared, values: Mapping[str, str], usual: str, odd: Sequence[str]
) -> Complaint:
    shown = {
        "what": row.name,
        "outliers": _outliers(values, odd),
        "usual": _cut(usual),
        "count": str(len(values) - len(odd)),
    }
    evidence = tuple(
        Evidence(host, 0, f"{row.name}: {_cut(values[host])}") for host in odd[:MAX_NAMED]
    )
    return Complaint(CODE, shown, evidence, row.severity)


def _outliers(values: Mapping[str, str], odd: Iterable[str]) -> str:
    """``node-17: 535.1, node-3 and node-4: 550.2``."""
    having: dict[str, list[str]] = {}
    for host in odd:
        having.setdefault(values[host], []).append(host)
    parts = [f"{named(hosts)}: {_cut(value)}" for value, hosts in having.items()]
    more = [f"{len(parts) - MAX_VALUES} more values"] if len(parts) > MAX_VALUES else []
    return ", ".join(parts[:MAX_VALUES] + more)


def named(hosts: Sequence[str]) -> str:
    """A few host names, and how many more."""
    more = f" and {len(hosts) - MAX_NAMED} more" if len(hosts) > MAX_NAMED else ""
    return ", ".join(hosts[:MAX_NAMED]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
