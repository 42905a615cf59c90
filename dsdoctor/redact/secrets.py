"""Takes secrets out of a line, and remembers them: a key is a key without its name, too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set

from dsdoctor.redact import assignments
from dsdoctor.redact.chance import mixed
from dsdoctor.redact.detector import MARK, Detector
from dsdoctor.redact.random_values import RANDOM_VALUE
from dsdoctor.redact.screen import Step
from dsdoctor.redact.tokens import HEADERS, TOKENS

MAX_VALUES = 10_000
MIN_CHARS = 12
"""Shorter values are replaced where their name stands, and not looked for elsewhere."""


class Secrets:
    """Finds secrets, and knows the values found so far.

    Args:
        count: told the kind of everything that is replaced.
    """

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self.values: dict[bytes, str] = {}

    def hide(self, line: bytes, steps: Set[Step]) -> bytes:
        """The line with a mark for each secret that ``steps`` may find."""
        for index in sorted(index for name, index in steps if name == "token"):
            line = self._detected(line, TOKENS[index])
        for index in sorted(index for name, index in steps if name == "header"):
            line = self._detected(line, HEADERS[index])
        return self._assigned(line) if ("assignment", 0) in steps else line

    def hide_random(self, line: bytes) -> bytes:
        """The line without values that nobody writes by hand.

        Asked last: where a value ends depends on what stands behind it, such as an address.
        """
        return self._detected(line, RANDOM_VALUE)

    def mark(self, kind: str, value: bytes) -> bytes:
        """Count a secret, remember it, and give what stands for it."""
        self._count(kind)
        self.remember(kind, (value, value.rpartition(b":")[2]))
        return MARK + kind.encode() + b">"

    def remember(self, kind: str, values: Iterable[bytes]) -> None:
        """Know ``values`` wherever they stand from now on."""
        for value in values:
            if MIN_CHARS <= len(value) <= 1024 and mixed(value) and len(self.values) < MAX_VALUES:
                self.values.setdefault(value, kind)

    def _detected(self, line: bytes, item: Detector) -> bytes:
        def one(match: re.Match[bytes]) -> bytes:
            start, end = (place - match.start() for place in item.span(match))
            value = match[0][start:end]
            if MARK in value or (item.check and not item.check(match)):
                return match[0]
            return match[0][:start] + self.mark(item.kind, value) + match[0][end:]

        return item.pattern.sub(one, line)

    def _assigned(self, line: bytes) -> bytes:
        """Go on behind the name where it holds no secret: the value may be a name itself."""
        out, position, kept = [], 0, 0
        while match := assignments.PATTERN.search(line, position):
            span = assignments.secret_span(line, match)
            if span is None:
                position = match.end("tail")
                continue
            kind = assignments.kind_of(assignments.name_before(line, match))
            out += [line[kept : span[0]], self.mark(kind, line[span[0] : span[1]])]
            position = kept = span[1]
        return b"".join([*out, line[kept:]])
