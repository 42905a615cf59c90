"""What a detector is: literals that announce it, a pattern, and a second look."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[re.Match[bytes]], bool]

MARK = b"<redacted:"
"""How every replaced secret begins. What holds it was dealt with before."""


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds one kind of secret in a line.

    Args:
        kind: what the placeholder and the counts call it.
        anchors: lower-case literals; a line that holds none of them cannot match.
        pattern: its group ``s``, or all of it, is the secret. Every repetition is bounded, and
            none follows another that could take the same characters.
        check: looks again at a match, and may refuse it.
    """

    kind: str
    anchors: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    check: Check | None = None

    def span(self, match: re.Match[bytes]) -> tuple[int, int]:
        """Where the secret stands."""
        return match.span("s") if "s" in self.pattern.groupindex else match.span()


def detector(kind: str, anchors: str, pattern: bytes, check: Check | None = None) -> Detector:
    """A detector from anchors in one string, parted by spaces."""
    return Detector(kind, tuple(anchors.encode().split()), re.compile(pattern), check)


def secret_of(match: re.Match[bytes]) -> bytes:
    """Group ``s``, or the whole match."""
    return match["s"] if "s" in match.re.groupindex else match[0]
