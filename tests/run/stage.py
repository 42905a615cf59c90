"""Plays a command on pipes or on a terminal, does something to it, and tells how it ended."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

JOB = (sys.executable, str(Path(__file__).parent / "fake_job.py"))
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a parent sees: the wait status and what came out. On a terminal all is ``out``."""

    status: int
    out: bytes
    err: bytes = b""


class Actor:
    """A running command.

    Args:
        pid: its process, which leads its group.
        reads: the descriptors to read from.
        keys: its terminal, if it has one.
    """

    def __init__(self, pid: int, reads: tuple[int, ...], keys: int = -1) -> None:
        self.pid = pid
        self.got = {number: bytearray() for number in reads}
        self.status: int | None = None
        self._open = list(reads)
        self.keys = keys

    def wait_for(self, word: bytes) -> None:
        """Until it was printed."""
        deadline = time.monotonic() + PATIENCE
        while not any(word in got for got in self.got.values()):
            assert time.monotonic() < deadline, (word, self.got)
            assert self.read(0.2), (word, self.got)

    def read(self, seconds: float) -> bool:
        """Take output; False once there can be no more."""
        if not self._open:
            return False
        ready, _, _ = select.select(self._open, [], [], seconds)
        for number in ready:
            try:
                chunk = os.read(number, 1 << 18)
            except OSError:
                chunk = b""
            if chunk:
                self.got[number].extend(chunk)
            else:
                self._open.remove(number)
        return bool(self._open)

    def signal(self, number: int) -> None:
        """To this process alone."""
        os.kill(self.pid, number)

    def signal_all(self, number: int) -> None:
        """To its process group."""
        os.killpg(self.pid, number)

    def press(self, keys: bytes) -> None:
        """On its terminal."""
        os.write(self.keys, keys)

    def ended(self) -> Seen:
        """Wait for its end."""
        deadline = time.monotonic() + PATIENCE
        while self.read(0.02) or self.status is None:
            if self.status is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.status = status if pid else None
            assert time.monotonic() < deadline, self.got
        return Seen(self.status, *map(bytes, self.got.values()))


Act = Callable[[Actor], None]


def nothing(_: Actor) -> None:
    """Let it end by itself."""


def on_pipes(argv: Sequence[str], act: Act = nothing, cwd: Path | None = None, **more: str) -> Seen:
    """With two pipes, in a session of its own."""
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(more),
        start_new_session=True,
        cwd=cwd,
    )
    child.returncode = 0
    assert child.stdout is not None
    assert child.stderr is not None
    with child.stdout, child.stderr:
        return _played(Actor(child.pid, (child.stdout.fileno(), child.stderr.fileno())), act)


def on_terminal(
    argv: Sequence[str], act: Act = nothing, cwd: Path | None = None, **more: str
) -> Seen:
    """As the leader of a session with a terminal of its own."""
    pid, keys = pty.fork()
    if not pid:
        if cwd:
            os.chdir(cwd)
        os.execvpe(argv[0], list(argv), surroundings(more))  # noqa: S606
    try:
        return _played(Actor(pid, (keys,), keys), act)
    finally:
        os.close(keys)


def _played(actor: Actor, act: Act) -> Seen:
    try:
        act(actor)
        return actor.ended()
    finally:
        if actor.status is None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.killpg(actor.pid, signal.SIGKILL)
                os.waitpid(actor.pid, 0)


def surroundings(more: Mapping[str, str]) -> dict[str, str]:
    """The environment, without what would change what is compared."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "100", **more}


def run(folder: Path, *options: str) -> tuple[str, ...]:
    """``dsdoctor run`` with a folder for the run."""
    return (sys.executable, "-m", "dsdoctor", "run", "--dir", str(folder), *options, "--")
