"""A reader under test: what to run, what to begin with, which words to try."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.fuzz.guard import MAX_SECONDS, Run, guarded


@dataclass(frozen=True)
class Target:
    """One reader.

    ``run`` raises if the reader breaks a promise. ``seeds`` are real inputs to begin with,
    ``words`` go into the fuzzer's dictionary, inputs grow to ``max_len`` bytes. ``pump`` is off
    where a long input is no longer in bounds by what it stands for, not by its bytes.
    """

    name: str
    run: Run
    seeds: Callable[[], Iterable[bytes]] = tuple
    words: Callable[[], Iterable[str]] = tuple
    max_len: int = 1024
    pump: bool = True
    seconds: float = MAX_SECONDS

    def one(self, data: bytes) -> None:
        """Run one input within the limits that all readers share."""
        guarded(self.run, seconds=self.seconds, pump=self.pump)(data)
