"""In a shell: job control, background jobs, pipelines, the size of the terminal, the keyboard."""

from __future__ import annotations

import fcntl
import struct
import sys
import termios
from pathlib import Path

import pytest

from tests.run.stage import JOB, Act, Actor, Seen, nothing, on_pipes, on_terminal, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it compares what Linux does")


def shell(script: str) -> tuple[str, ...]:
    """A script that calls the command as ``"$@"``."""
    return ("bash", "--norc", "-c", script, "sh")


def in_shell(
    folder: Path, script: str, job: tuple[str, ...], act: Act = nothing, *, terminal: bool = True
) -> Seen:
    """The same in a shell with and without dsdoctor; both must look the same."""
    stage = on_terminal if terminal else on_pipes
    bare = stage(shell(script) + JOB + job, act)
    assert stage(shell(script) + run(folder / "run", "--quiet") + JOB + job, act) == bare
    return bare


def test_ctrl_z_and_fg(tmp_path: Path) -> None:
    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        actor.press(b"\x1a")
        actor.wait_for(b"got SIGCONT")
        actor.press(b"\x03")

    script = 'set -m; "$@"; echo code $?; fg; echo $?'
    seen = in_shell(tmp_path, script, ("listen", "2"), act)
    assert b"Stopped" in seen.out
    assert b"code 148" in seen.out
    assert seen.out.endswith(b"got SIGCONT\r\n^Cgot SIGINT\r\n9\r\n")


def test_a_background_job_that_wants_the_keyboard_stops(tmp_path: Path) -> None:
    script = 'set -m; "$@" & wait $!; echo code $?; kill -TERM %1; kill -CONT %1; wait %1; echo $?'
    seen = in_shell(tmp_path, script, ("read",))
    assert b"code 149" in seen.out


def test_the_keyboard_is_the_jobs(tmp_path: Path) -> None:
    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        actor.press(b"hello\n")

    assert b"read 'hello\\n'" in in_shell(tmp_path, '"$@"', ("read",), act).out


def test_a_script_puts_it_into_the_background(tmp_path: Path) -> None:
    """There SIGINT is ignored from the start, and stays so."""
    out = tmp_path / "out"
    script = (
        f'"$@" >{out} & until grep -qs ready {out}; do sleep 0.05; done; kill -INT $!; sleep 0.3; '
        f"kill -TERM $!; wait $!; echo $?; cat {out}; rm {out}"
    )
    seen = in_shell(tmp_path, script, ("listen", "1"), terminal=False)
    assert seen.out == b"9\nready\ngot SIGTERM\n"


def test_the_order_of_two_streams_with_one_goal_stays(tmp_path: Path) -> None:
    script = '"$@" 2>&1 | cat'
    for folder, terminal in (("pipe", False), ("terminal", True)):
        seen = in_shell(tmp_path / folder, script, ("both", "300"), terminal=terminal)
        assert seen.out.split() == b" ".join(
            b"out %d err %d" % (n, n) for n in range(300)
        ).split()  # fmt: skip
    lines = (tmp_path / "pipe/run/job.log").read_text().splitlines()
    assert lines[:4] == ["out 0", "err 0", "out 1", "err 1"]


def test_a_reader_that_goes_ends_the_job(tmp_path: Path) -> None:
    script = 'set -o pipefail; "$@" | head -c 10; echo ${PIPESTATUS[0]}'
    assert b"141" in in_shell(tmp_path, script, ("endless",), terminal=False).out


def test_a_child_left_behind_can_still_print(tmp_path: Path) -> None:
    """Nobody waits for it but who reads the pipe."""
    script = '"$@" | cat; echo end'
    seen = in_shell(tmp_path, script, ("daemon",), terminal=False)
    assert seen.out == b"early\nlate\nend\n"
    assert (tmp_path / "run/job.log").read_bytes() == b"early\nlate\n"


def test_the_size_of_the_window_follows(tmp_path: Path) -> None:
    """The last word is the right one; the job may hear of it twice."""

    def resized(actor: Actor, columns: int) -> None:
        size = struct.pack("HHHH", 40, columns, 0, 0)
        fcntl.ioctl(actor.keys, termios.TIOCSWINSZ, size)
        actor.wait_for(b"size %dx40" % columns)

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        resized(actor, 133)
        resized(actor, 77)
        actor.press(b"\x1c")

    seen = on_terminal(run(tmp_path / "run", "--quiet") + JOB + ("size",), act)
    assert seen.out.rindex(b"size 77x40") > seen.out.rindex(b"size 133x40")
