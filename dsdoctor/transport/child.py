"""Runs one program for a limited time and hands on its lines as they come."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dsdoctor.errors import UsageError

CHUNK = 256 * 1024
MAX_LINE = 64 * 1024
"""Bytes; no launcher's line that matters is longer, and the rest of one that is gets lost."""
PATIENCE = 2.0
"""Seconds between one way of asking a program to end and the next, less polite one."""

OUT, ERR = "out", "err"
Take = Callable[[str, str], bool]


@dataclass(slots=True)
class _Stream:
    """What was read of one stream since its last line feed."""

    kind: str
    rest: bytes = b""

    def lines(self, chunk: bytes) -> list[str]:
        """The lines that ``chunk`` completes; with an empty one, what is left."""
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        self.rest = self.rest[:MAX_LINE]
        if not chunk and self.rest:
            lines, self.rest = [self.rest], b""
        return [line[:MAX_LINE].decode("utf-8", "replace") for line in lines]


def run(argv: Sequence[str], env: Mapping[str, str], seconds: float, take: Take) -> bool:
    """Run ``argv`` and give each line to ``take``.

    Args:
        argv: the program and its arguments; no shell is asked.
        env: added to our environment.
        seconds: after which it is ended.
        take: told the stream (``OUT`` or ``ERR``) and the line; true means that is enough.

    Returns:
        False if the time ran out.

    Raises:
        UsageError: it cannot be started.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - an argument list, and hosts are checked
            list(argv),
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error.strerror}") from None
    in_time = False
    with process:
        try:
            in_time = _pump(process, time.monotonic() + seconds, take)
        finally:
            _end(process, wait=in_time)
    return in_time


def _pump(process: subprocess.Popen[bytes], deadline: float, take: Take) -> bool:
    """Read until both streams end, ``take`` has enough, or the time is up."""
    with selectors.DefaultSelector() as selector:
        for pipe, kind in ((process.stdout, OUT), (process.stderr, ERR)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, _Stream(kind))
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for key, _ in selector.select(left):
                stream: _Stream = key.data
                chunk = os.read(key.fd, CHUNK)
                enough = [take(stream.kind, line) for line in stream.lines(chunk)]
                if any(enough):
                    return True
                if not chunk:
                    selector.unregister(key.fileobj)
    return True


def _end(process: subprocess.Popen[bytes], *, wait: bool) -> None:
    """See to it that the program is gone; an interrupt lets launchers end their children."""
    kinder = (signal.SIGINT, signal.SIGTERM)
    for number in (*([None] if wait else []), *kinder, signal.SIGKILL):
        if number is not None:
            _kill(process, number)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        break
    # what it left behind in its own group, such as a shell that ignores interrupts
    _kill(process, signal.SIGKILL)


def _kill(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the program's whole process group, if there still is one."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
