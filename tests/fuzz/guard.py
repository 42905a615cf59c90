"""What every reader is held to, beside what its own target asks of it."""

from __future__ import annotations

import re
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from dsdoctor.errors import DsDoctorError

MAX_SECONDS = 1.0
"""Processor time for one input; the clock on the wall would blame a reader for its neighbours."""
WATCHED = 3.0
"""How much slower a reader may be while a fuzzer watches every branch of it."""
MAX_INPUT = 64 * 1024
PUMPED_ONE_IN = 8192

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

Run = Callable[[bytes], None]


class TooSlowError(Exception):
    """The reader took longer than ``MAX_SECONDS``."""


@dataclass
class Limits:
    """``slack`` multiplies the time that an input may take."""

    slack: float = 1.0


limits = Limits()


class _Slowest:
    """Tells of the slowest input so far, where it is a good deal slower than the one before."""

    seconds = 0.02

    def tell(self, spent: float, data: bytes) -> None:
        self.seconds = 1.2 * spent
        sys.stderr.write(f"slowest input: {spent:.3f} s for {len(data)} bytes\n")


_slowest = _Slowest()


def guarded(run: Run, *, seconds: float = MAX_SECONDS, pump: bool = True) -> Run:
    """``run`` with a limit of time, and for one input in many again with a long form of it."""

    def one(data: bytes) -> None:
        within(run, data, seconds)
        if pump and data and zlib.crc32(data) % PUMPED_ONE_IN == 0:
            within(run, pumped(data), seconds)

    return one


def within(run: Run, data: bytes, seconds: float) -> None:
    """Run ``data``; our own errors are answers, all others go on to the fuzzer.

    Raises:
        TooSlowError: it took too long.
    """
    started = time.process_time()
    try:
        run(data)
    except DsDoctorError as error:
        str(error).encode()
    spent = time.process_time() - started
    if spent > _slowest.seconds:
        _slowest.tell(spent, data)
    if spent > seconds * limits.slack:
        raise TooSlowError(f"{spent:.1f} s for {len(data)} bytes that begin {data[:60]!r}")


def pumped(data: bytes) -> bytes:
    """``data`` with one piece of it repeated up to ``MAX_INPUT``: finds what is not linear."""
    seed = zlib.crc32(data) >> 13
    start, width = seed % len(data), 1 + seed // 7 % 24
    piece = data[start : start + width]
    times = max(1, (MAX_INPUT - len(data)) // len(piece))
    return data[:start] + piece * times + data[start + width :]


def assert_plain(text: str) -> None:
    """No control characters and marks of direction in what is shown."""
    found = _UNSEEN.search(text)
    assert found is None, f"{found[0]!r} in {text[max(0, found.start() - 40) :][:80]!r}"
