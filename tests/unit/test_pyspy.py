"""The text of py-spy dump."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.logs.pyspy import looks_like_pyspy, parse_pyspy, read_pyspy, trainers
from dsdoctor.model import Frame

REAL = Path(__file__).parent / "data" / "stacks"
ONE = b"""Process 4711: python -u train.py --local_rank=1 --deepspeed
Python v3.11.7 (/usr/bin/python3.11)

Thread 0x7F1C2A (idle): "QueueFeederThread"
    wait (threading.py:320)
Thread 0x7F1D00 (active+gil): "MainThread"
    at::native::add (ATen/native/Add.cpp:12)
    epoll_wait (libc-2.31.so)
    step (train.py:12)
        Arguments:
            x: <Tensor at 0x7f> (not a frame:1)
    <module> (train.py:40)
"""


def test_a_real_dump() -> None:
    (stack,) = read_pyspy(REAL / "slow-rank" / "pyspy_rank2.txt")
    assert (stack.origin.rank, stack.origin.local_rank, stack.origin.pid) == (2, 2, 23805)
    assert stack.main is not None
    assert (stack.main.line, stack.main.state) == (4, "idle")
    assert stack.main.frames[2] == Frame("train.py", 12, "reduce_loss")
    assert len(stack.threads) == 2


def test_the_main_thread_without_native_frames_and_arguments() -> None:
    (stack,) = parse_pyspy(ONE, "4711.txt")
    assert stack.command == "python -u train.py --local_rank=1 --deepspeed"
    assert stack.main is not None
    assert stack.main.frames == (
        Frame("train.py", 12, "step"),
        Frame("train.py", 40, "<module>"),
    )
    assert (stack.origin.pid, stack.origin.local_rank, stack.origin.rank) == (4711, 1, None)


def test_several_in_one_file() -> None:
    """Then the file's name is not that of one rank, and the line says where each begins."""
    two = ONE + b"\n" + ONE.replace(b"4711", b"4712").replace(b"rank=1", b"rank=0")
    stacks = parse_pyspy(two, "pyspy_rank3.txt")
    assert [(s.origin.pid, s.origin.local_rank, s.origin.rank, s.line) for s in stacks] == [
        (4711, 1, None, 1),
        (4712, 0, None, 14),
    ]


@pytest.mark.parametrize(
    ("name", "rank", "pid"),
    [
        ("pyspy_rank3.txt", 3, None),
        ("1234.txt", None, 1234),
        ("pyspy-1234.txt", None, 1234),
        ("node-7/rank_12.txt", 12, None),
        ("stacks.txt", None, None),
    ],
)
def test_whose_file_it_is(name: str, rank: int | None, pid: int | None) -> None:
    """A text that begins with a thread has only its name."""
    (stack,) = parse_pyspy(ONE[ONE.index(b"Thread") :], name)
    assert (stack.origin.rank, stack.origin.pid) == (rank, pid)


def test_workers_and_launchers_do_not_train() -> None:
    worker = ONE.replace(
        b"step (train.py:12)", b"_worker_loop (torch/utils/data/_utils/worker.py:275)"
    )
    agent = ONE.replace(b"step (train.py", b"launch_agent (torch/distributed/launcher/api.py")
    runner = ONE.replace(b"step (train.py", b"main (deepspeed/launcher/launch.py")
    stacks = parse_pyspy(b"\n".join((worker, agent, runner, ONE)), "all.txt")
    assert len(stacks) == 4
    assert trainers(stacks) == stacks[3:]


def test_colours_and_control_characters_are_removed() -> None:
    (stack,) = parse_pyspy(ONE.replace(b"step (", b"\x1b[31mst\x07ep\x1b[0m ("), "x.txt")
    assert stack.main is not None
    assert stack.main.frames[0].function == "step"


def test_no_dump(tmp_path: Path) -> None:
    path = tmp_path / "pyspy.txt"
    path.write_text("Error: Permission Denied: Try running again with elevated permissions\n")
    with pytest.raises(SourceError, match=r"pyspy\.txt: holds no py-spy dump"):
        read_pyspy(path)
    with pytest.raises(SourceError, match="No such file"):
        read_pyspy(tmp_path / "gone")


def test_it_is_recognised() -> None:
    assert looks_like_pyspy(ONE[:200])
    assert not looks_like_pyspy(b"[INFO] Process 4711: started\nstep 5\n")


def test_hostile_text_is_read_in_linear_time() -> None:
    thread = b'Thread 0x1 (idle): "T"\n' + b"    f (a.py:1)\n" * 2000
    hostile = b"Process 1: x\n" + thread * 30 + b"    " + b"( (" * 200_000 + b"\n"
    start = time.monotonic()
    (stack,) = parse_pyspy(hostile, "x.txt")
    assert time.monotonic() - start < 20
    assert len(stack.threads) == 30
    assert len(stack.threads[0].frames) == 400
