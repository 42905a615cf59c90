"""Notes that somebody wants dsdoctor to stop, and lets it clean up in peace."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """``signal`` is the number of the first signal that came, None before."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def noted(self) -> bool:
        """Did one come?"""
        return self.signal is not None

    def note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's
        """Remember the first signal; an impatient second one changes nothing."""
        if self.signal is None:
            self.signal = number


@contextmanager
def stops_noted() -> Iterator[Stop]:
    """While the block runs, Ctrl-C, SIGTERM and SIGHUP only leave a note.

    A signal that is ignored (as under nohup) stays ignored. Beside the main thread nothing is
    noted: there signals do not arrive.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number, old in before.items() if old is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, stop.note)
    try:
        yield stop
    finally:
        for number in heeded:
            signal.signal(number, before[number])
