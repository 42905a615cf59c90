"""Finds the few lines worth a look. The engine sits behind one small Protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ahocorasick_rs import BytesAhoCorasick


class Scanner(Protocol):
    """Looks for many literals at once.

    ``hits`` gives ``(offset, anchor)`` in ascending order, at least one for every place where
    an anchor occurs, though an anchor that overlaps an earlier one may be left out.
    ``all_in`` gives every anchor in one short piece of text.
    """

    def hits(self, block: bytes) -> Iterable[tuple[int, int]]:
        """Offsets at which an anchor ends, with the anchor's index."""

    def all_in(self, line: bytes) -> set[int]:
        """The indexes of all anchors in ``line``, overlapping ones included."""


class AhoCorasickScanner:
    """A ``Scanner`` over the ahocorasick_rs automaton.

    Args:
        anchors: the literals; their position is their index.
    """

    def __init__(self, anchors: Sequence[bytes]) -> None:
        self._automaton = BytesAhoCorasick(list(anchors))

    def hits(self, block: bytes) -> Iterable[tuple[int, int]]:
        """See ``Scanner.hits``. The offset is that of the anchor's last byte."""
        found = self._automaton.find_matches_as_indexes(block)
        return ((end - 1, anchor) for anchor, _, end in found)

    def all_in(self, line: bytes) -> set[int]:
        """See ``Scanner.all_in``."""
        found = self._automaton.find_matches_as_indexes(line, overlapping=True)
        return {anchor for anchor, _, _ in found}
