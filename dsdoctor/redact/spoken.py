"""Replaces what is known by now wherever it stands: names without a context, keys without one."""

from __future__ import annotations

from collections.abc import Callable

from ahocorasick_rs import MATCHKIND_LEFTMOST_LONGEST, BytesAhoCorasick

LONGEST = 4096
"""No name and no key is longer, and an automaton over longer words takes seconds to build."""
Replace = Callable[[bytes], bytes | None]
"""Gives what stands for a piece of text, or None where it means something else."""


class Spoken:
    """An automaton over all known names and values; built anew when there are more."""

    def __init__(self) -> None:
        self._automaton: BytesAhoCorasick | None = None
        self._size = 0

    def update(self, words: list[bytes]) -> None:
        """Know ``words``, which only ever grow."""
        if len(words) != self._size:
            self._size = len(words)
            lowered = sorted({word.lower() for word in words if len(word) <= LONGEST})
            self._automaton = BytesAhoCorasick(lowered, matchkind=MATCHKIND_LEFTMOST_LONGEST)

    def places(self, lowered: bytes) -> list[tuple[int, int]]:
        """Start and end of each known word, from left to right."""
        if self._automaton is None:
            return []
        return [(a, b) for _, a, b in self._automaton.find_matches_as_indexes(lowered)]

    def hide(self, line: bytes, replace: Replace) -> bytes:
        """The line with every known word replaced that stands by itself."""
        out: list[bytes] = []
        position = 0
        for start, end in self.places(line.lower()):
            if _inside_word(line, start, end) or (new := replace(line[start:end])) is None:
                continue
            out += [line[position:start], new]
            position = end
        return b"".join([*out, line[position:]])


def _inside_word(line: bytes, start: int, end: int) -> bool:
    """Is it only a part of a longer word?"""
    return line[start - 1 : start].isalnum() or line[end : end + 1].isalnum()
