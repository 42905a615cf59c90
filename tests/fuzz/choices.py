"""Bytes read as decisions, so that a fuzzer that knows only bytes can write whole documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Choices:
    """Takes decisions from the front of ``data``; where that has ended, every answer is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        """A number from 0 to 255."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def number(self, below: int) -> int:
        """A number from 0 to ``below - 1``."""
        if below <= 256:
            return self.byte() % below
        return (self.byte() << 8 | self.byte()) % below

    def pick(self, items: Sequence[_T]) -> _T:
        """One of ``items``."""
        return items[self.number(len(items))]

    def take(self, size: int) -> bytes:
        """At most ``size`` bytes as they are."""
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))
