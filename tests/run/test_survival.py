"""dsdoctor is killed: the job does not notice."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.run.stage import JOB, Actor, on_pipes, on_terminal, run
from tests.run.test_terminal import shell

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
LINES = b"".join(b"line %d\n" % number for number in range(20))


def kill_dsdoctor(folder: Path) -> None:
    os.kill(json.loads((folder / "run.json").read_text())["pid"], signal.SIGKILL)


def test_on_pipes(tmp_path: Path) -> None:
    """Output goes on to where it went, the log is whole, and nobody is left."""
    folder, done = tmp_path / "run", tmp_path / "done"

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        kill_dsdoctor(folder)

    seen = on_pipes(run(folder, "--quiet") + JOB + ("slow", str(done)), act)
    assert os.WTERMSIG(seen.status) == signal.SIGKILL
    assert seen.out == b"ready\n" + LINES
    assert done.exists()
    assert (folder / "job.log").read_bytes() == seen.out
    until_none_is_left(folder)


def test_on_a_terminal(tmp_path: Path) -> None:
    folder, done = tmp_path / "run", tmp_path / "done"

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        kill_dsdoctor(folder)
        actor.wait_for(b"line 19")

    argv = shell('set -m; "$@"; echo code $?; sleep 3')
    seen = on_terminal(argv + run(folder, "--quiet") + JOB + ("slow", str(done)), act)
    assert b"code 137" in seen.out
    assert [line for line in seen.out.split(b"\r\n") if line.startswith(b"line ")] == LINES.split(
        b"\n"
    )[:-1]
    assert done.exists()
    until_none_is_left(folder)


def until_none_is_left(folder: Path) -> None:
    """No process knows the folder any more."""
    deadline = time.monotonic() + 10
    needle = str(folder).encode()
    while any(needle in _command(path) for path in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _command(path: Path) -> bytes:
    try:
        return (path / "cmdline").read_bytes()
    except OSError:
        return b""
