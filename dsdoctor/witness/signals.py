"""The signals that a job may be sent, and how dsdoctor takes note of them."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_NAMES = (
    "SIGHUP SIGINT SIGQUIT SIGTERM SIGUSR1 SIGUSR2 SIGALRM SIGCONT SIGTSTP SIGTTIN SIGTTOU "
    "SIGWINCH SIGXCPU SIGPWR"
)
PASSED = tuple(getattr(signal, name) for name in _NAMES.split() if hasattr(signal, name))
"""All that somebody outside sends to a job, but those that nobody can catch."""
STOPPING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Mailbox:
    """Signals as bytes on a socket, each of them once, in order, from C: none is forgotten."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def open(self) -> None:
        """From now on the signals of this process come here."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Not any more."""
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        """For ``select``."""
        return self._reader.fileno()

    def descriptors(self) -> tuple[int, int]:
        """Both ends."""
        return self._reader.fileno(), self._writer.fileno()

    def put(self, number: int) -> None:
        """Put something else in; any thread may."""
        with suppress(OSError):
            self._writer.send(bytes([number]))

    def read(self) -> bytes:
        """What came."""
        try:
            return self._reader.recv(4096)
        except OSError:
            return b""


@contextmanager
def noted(mailbox: Mailbox) -> Iterator[None]:
    """While the block runs, signals only leave a note in the mailbox.

    One that is ignored (as under nohup) stays ignored, for the job too.
    """
    before = {number: signal.getsignal(number) for number in (*PASSED, signal.SIGCHLD)}
    heeded = [number for number, old in before.items() if old is not signal.SIG_IGN]
    heeded += [signal.SIGCHLD] if signal.SIGCHLD not in heeded else []
    mailbox.open()
    for number in heeded:
        signal.signal(number, _nothing)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])
        mailbox.close()


@contextmanager
def held_back() -> Iterator[None]:
    """While the block runs, no signal of these arrives."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop_like(number: int) -> None:
    """Stop as the job did, until somebody says to go on."""
    before = signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.signal(number, before)


def _nothing(number: int, frame: FrameType | None) -> None:
    """The mailbox has it already."""
