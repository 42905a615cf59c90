"""Notices that a job neither prints nor works."""

from __future__ import annotations

import time
from collections.abc import Callable

SHARE = 20
"""Looks for activity in the time after which silence counts as a stall."""


class Stall:
    """Asks for activity only in the second half of a long silence: that costs the job nothing.

    Args:
        limit: seconds without output and activity that count as a stall.
        busy: does the job work, although it prints nothing?
        clock: seconds; for tests.
    """

    def __init__(
        self,
        limit: float,
        busy: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._busy = busy
        self._clock = clock
        self._moved = 0
        self._last = self._looked = clock()
        self._reported = False

    def begins(self, moved: int, *, paused: bool = False) -> bool:
        """Has a stall just begun? Each one is told once.

        Args:
            moved: bytes that the job printed so far.
            paused: somebody stopped it, so it need not do anything.
        """
        now = self._clock()
        if moved != self._moved or paused:
            self._moved = moved
            self._alive(now)
            return False
        if now - self._last < self._limit / 2 or now - self._looked < self._limit / SHARE:
            return False
        active = self._busy()
        self._looked = self._clock()
        if active:
            self._alive(self._looked)
            return False
        if self._reported or self._looked - self._last < self._limit:
            return False
        self._reported = True
        return True

    def _alive(self, now: float) -> None:
        self._last = now
        self._reported = False
