"""Pieces of a text that become something else, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str = ""


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """``text`` after all of them. Where two overlap, both only take away."""
    parts, pos = [], 0
    for splice in sorted(splices, key=lambda splice: splice.start):
        parts += [text[pos : splice.start], splice.new]
        pos = max(pos, splice.end)
    return "".join((*parts, text[pos:]))
