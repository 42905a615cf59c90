"""However a job ends, and whatever it is sent: with dsdoctor a parent sees the same as without."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run.stage import JOB, Act, Actor, Seen, nothing, on_pipes, on_terminal, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it compares what Linux does")
LONG = os.environ.get("DSDOCTOR_LONG") == "1"
Stage = Callable[..., Seen]


def side_by_side(
    folder: Path, job: tuple[str, ...], act: Act = nothing, stage: Stage = on_pipes
) -> Seen:
    """The same play twice; both must look the same."""
    bare = stage(JOB + job, act)
    watched = stage(run(folder / "run", "--quiet") + JOB + job, act)
    assert watched == bare
    return bare


ENDS = [
    *((on_pipes, word) for word in ("0", "137", "SIGTERM", "SIGKILL")),
    *((on_terminal, word) for word in ("1", "SIGTERM")),
]
MORE_ENDS = [
    *((on_pipes, word) for word in ("1", "SIGINT", "SIGSEGV", "SIGPIPE")),
    *((on_terminal, word) for word in ("0", "137", "SIGKILL", "SIGHUP")),
]


@pytest.mark.parametrize(("stage", "word"), ENDS + (MORE_ENDS if LONG else []))
def test_it_ends_by_itself(tmp_path: Path, stage: Stage, word: str) -> None:
    """Code or signal; binary output; each stream what it was, a terminal or not."""
    seen = side_by_side(tmp_path, ("ends", word), stage=stage)
    number = None if word.isdecimal() else getattr(signal, word)
    assert os.waitstatus_to_exitcode(seen.status) == (int(word) if number is None else -number)
    assert (b"[True, True, True]" in seen.out) is (stage is on_terminal)
    assert b"no line end\x00\xff\x1b[31m" in seen.out


def sent(how: Callable[[Actor, int], None], *numbers: signal.Signals) -> Act:
    """Send signals, one when the one before was heard."""

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        for count, number in enumerate(numbers, 1):
            how(actor, number)
            if count < len(numbers):
                actor.wait_for(b"\n".join([b"got " + numbers[0].name.encode()] * count))

    return act


HOW = {"alone": Actor.signal, "group": Actor.signal_all}


@pytest.mark.parametrize("how", HOW)
def test_a_hang_is_ended(tmp_path: Path, how: str) -> None:
    seen = side_by_side(tmp_path, ("hang",), sent(HOW[how], signal.SIGTERM))
    assert os.WTERMSIG(seen.status) == signal.SIGTERM


@pytest.mark.parametrize("how", HOW)
def test_each_signal_arrives_once(tmp_path: Path, how: str) -> None:
    """Sent to dsdoctor alone it is handed on, sent to the whole group it is not."""
    seen = side_by_side(tmp_path, ("listen", "2"), sent(HOW[how], signal.SIGINT, signal.SIGINT))
    assert seen.out == b"ready\ngot SIGINT\ngot SIGINT\n"


def test_other_signals_are_handed_on(tmp_path: Path) -> None:
    names = ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        for name in names:
            actor.signal(getattr(signal, name))
            actor.wait_for(f"got {name}\n".encode())

    argv = run(tmp_path / "run", "--quiet") + JOB + ("listen", str(len(names)))
    seen = on_pipes(argv, act)
    assert seen == Seen(9 << 8, b"ready\n" + b"".join(b"got %s\n" % n.encode() for n in names))


def test_one_that_reaches_every_process_by_itself_arrives_once(tmp_path: Path) -> None:
    """As Slurm signals a step: all its processes, one after the other."""

    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            pid = int(entry.name)
            try:
                ours = os.getpgid(pid) == actor.pid
            except ProcessLookupError:
                continue
            if ours:
                os.kill(pid, signal.SIGTERM)

    seen = side_by_side(tmp_path, ("listen", "1"), act)
    assert seen.out == b"ready\ngot SIGTERM\n"


def test_ctrl_c_twice(tmp_path: Path) -> None:
    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        actor.press(b"\x03")
        actor.wait_for(b"got SIGINT\r\n")
        actor.press(b"\x03")

    seen = side_by_side(tmp_path, ("listen", "2"), act, on_terminal)
    assert seen.out.count(b"got SIGINT") == 2


def test_ctrl_backslash(tmp_path: Path) -> None:
    def act(actor: Actor) -> None:
        actor.wait_for(b"ready")
        actor.press(b"\x1c")

    seen = side_by_side(tmp_path, ("hang",), act, on_terminal)
    assert os.WTERMSIG(seen.status) == signal.SIGQUIT
