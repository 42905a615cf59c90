"""Peels the prefixes off a line and keeps what they tell about its origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from dsdoctor.logs.prefixes import prefixes_for
from dsdoctor.model import Origin

MAX_PREFIXES = 8
"""Real lines nest four or five (pdsh, kubectl, torchrun, glog, level)."""

_NUMBERS = ("rank", "local_rank", "pid")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class PrefixParser:
    """Separates who wrote a line from what it says.

    Args:
        inherited: what is known from the file's name; a prefix overrides it.
        year: for times that leave the year out, until a line of the file names one.
    """

    def __init__(self, inherited: Origin, year: int) -> None:
        self._inherited = inherited
        self._year = year

    def split(self, text: str) -> tuple[Origin, str]:
        """Return the origin of a cleaned line and its rest.

        Indentation after the prefix stays: tracebacks are read by it.
        """
        known: dict[str, str] = {}
        for _ in range(MAX_PREFIXES):
            match = _first_match(text)
            if match is None:
                break
            for name, value in match.groupdict().items():
                if value is not None:
                    known.setdefault(name, value)
            text = text[match.end() :]
        return (self._origin(known) if known else self._inherited), text

    def _origin(self, known: Mapping[str, str]) -> Origin:
        """Combine the fields of the prefixes with what was known before."""
        if "year" in known:
            self._year = int(known["year"])
        numbers = {name: int(known[name]) for name in _NUMBERS if name in known}
        inherited = self._inherited
        return Origin(
            rank=numbers.get("rank", inherited.rank),
            local_rank=numbers.get("local_rank", inherited.local_rank),
            host=known.get("host", inherited.host),
            pid=numbers.get("pid", inherited.pid),
            time=_time(known, self._year) or inherited.time,
        )


def _first_match(text: str) -> re.Match[str] | None:
    """The first prefix that fits, if the line starts like one at all."""
    for pattern in prefixes_for(text):
        if (match := pattern.match(text)) and match.end():
            return match
    return None


def _time(known: Mapping[str, str], year: int) -> datetime | None:
    """The time of a prefix, or None if its parts make no date."""
    if "hour" not in known or "month" not in known:
        return None
    month = known["month"]
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
    day, hour, minute, second = (int(known[name]) for name in ("day", "hour", "minute", "second"))
    fraction = int((known.get("fraction") or "0").ljust(6, "0")[:6])
    try:
        return datetime(year, number, day, hour, minute, second, fraction)
    except ValueError:
        return None
