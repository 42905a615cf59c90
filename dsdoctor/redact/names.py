"""Which placeholder stands for which name: the same for the same name, over all files."""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIXES: Mapping[str, str] = {
    "host": "node-",
    "user": "user-",
    "email": "email-",
    "ip-address": "ip-",
    "mac-address": "mac-",
    "gpu-uuid": "gpu-uuid-",
    "serial-number": "serial-",
}
MAX_NAMES = 200_000
"""Names of a kind that get a number of their own; a hostile log could hold millions."""

MAX_SPOKEN = 10_000
"""Names that are looked for where nothing but themselves gives them away."""

_TAKEN = re.compile(rb"(?<![A-Za-z0-9])(node|user|email|ip|mac|gpu-uuid|serial)-(\d{1,7})(?!\d)")
_KIND = {prefix[:-1].encode(): kind for kind, prefix in PREFIXES.items()}


class Names:
    """Placeholders for hosts, users, addresses; all comparisons ignore case.

    A number is given when the placeholder is first asked for. What was noted until then counts:
    a log that has a ``node-1`` of its own keeps it, and no other host is called so.
    """

    def __init__(self) -> None:
        self._given: dict[str, dict[bytes, bytes]] = {kind: {} for kind in PREFIXES}
        self._reserved: dict[str, set[int]] = {kind: set() for kind in PREFIXES}
        self._next = dict.fromkeys(PREFIXES, 1)
        self.spoken: dict[bytes, str] = {}
        """Lower-case names that are replaced wherever they stand, with their kinds."""

    def reserve(self, line: bytes) -> None:
        """Note the placeholders that the text has already."""
        for match in _TAKEN.finditer(line):
            self._reserved[_KIND[match[1]]].add(int(match[2]))

    def speak(self, kind: str, name: bytes) -> None:
        """From now on look for ``name`` everywhere."""
        if len(self.spoken) < MAX_SPOKEN:
            self.spoken.setdefault(name.lower(), kind)

    def placeholder(self, kind: str, name: bytes) -> bytes:
        """What stands for ``name``."""
        given = self._given[kind]
        key = name.lower()
        if key not in given:
            prefix = PREFIXES[kind].encode()
            if len(given) >= MAX_NAMES:
                return prefix + b"0"
            given[key] = prefix + str(self._number(kind)).encode()
        return given[key]

    def _number(self, kind: str) -> int:
        number = self._next[kind]
        while number in self._reserved[kind]:
            number += 1
        self._next[kind] = number + 1
        return number

    def counts(self) -> dict[str, int]:
        """How many different names of each kind have a placeholder."""
        return {kind: len(given) for kind, given in self._given.items() if given}

    def placeholders(self) -> list[str]:
        """All that were given out, by kind and number; never what they stand for."""
        return [name.decode() for given in self._given.values() for name in given.values()]


def without_placeholders(value: bytes) -> bytes:
    """What is left of ``value`` for judging it: what stands for names is nobody's secret."""
    return _TAKEN.sub(b"", value)
