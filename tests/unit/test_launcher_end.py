"""The times of the launcher's closing lines, and what they prove."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dsdoctor.diagnosis.launcher_end import found_dead
from dsdoctor.diagnosis.ranks import rank_map
from dsdoctor.model import Finding
from tests.conftest import Explain, Read

HEAD = (
    "[2026-01-31 10:00:00,000] [INFO] [launch.py:158:main] nnodes=1, num_local_procs={0}, "
    "node_rank=0\n[2026-01-31 10:00:00,000] [INFO] [launch.py:170:main] dist_world_size={0}\n"
)
SPAWN = (
    "[2026-01-31 10:00:00,010] [INFO] [launch.py:245:main] process {} spawned with command: {}\n"
)
STOP = "[2026-01-31 10:09:0{:.3f}] [INFO] [launch.py:253:sigkill_handler] Killing subprocess {}\n"
END = (
    "[2026-01-31 10:09:0{:.3f}] [ERROR] [launch.py:259:sigkill_handler] ['python', '-u', "
    "'train.py', '--local_rank=9'] exits with return code = {}\n"
)
ERROR = (
    "Traceback (most recent call last):\n"
    '  File "/home/user/project/train.py", line 3, in <module>\n'
    "    table[name]\n"
    "KeyError: '{}'\n"
)


def closing(waits: Sequence[int], code: int = -9) -> str:
    """The launcher's last lines; it waits so many milliseconds for each of its processes."""
    now, text = 1.0, ""
    for number, wait in enumerate(waits):
        text += STOP.format(now, 100 + number)
        now += wait / 1000
    return (text + END.format(now, code)).replace(".", ",").replace("launch,py", "launch.py")


def spawned(count: int, *, local_rank: bool = True) -> str:
    """The launcher's first lines."""
    return HEAD.format(count) + "".join(
        SPAWN.format(100 + n, f"['python', '-u', 'train.py'{f', --local_rank={n}' * local_rank}]")
        for n in range(count)
    )


def root_of(diagnose: Explain, log: str) -> Finding:
    root = diagnose(log).verdict.root
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("waits", "ranks"),
    [
        ((130, 148, 0, 225), (2,)),
        ((3, 32, 21, 23), (0,)),
        ((20, 1), (1,)),
        ((0, 2), ()),  # the other one was dead too, and the clock is too coarse
        ((5, 0), ()),
        ((0, 0, 120, 130), ()),
        ((120, 130), ()),
        ((0, 0, 0, 0), ()),  # DeepSpeed before 0.7 waited for nobody
    ],
)
def test_who_was_not_waited_for(
    diagnose: Explain, waits: Sequence[int], ranks: tuple[int, ...]
) -> None:
    root = root_of(diagnose, spawned(len(waits)) + closing(waits))
    assert (root.code, root.ranks) == ("DSM018", ranks)
    assert ("cannot tell which of ranks" in root.message) == (not ranks)


def test_the_lines_that_show_it_are_evidence(diagnose: Explain) -> None:
    root = root_of(diagnose, spawned(2) + closing((20, 1)))
    assert "the launcher waited 1 ms for its end, 20 ms or more" in root.message
    first, second = root.evidence
    assert "10:09:01,021" in first.text
    assert second.text == "10:09:01.020 Killing subprocess 101"


@pytest.mark.parametrize("code", [-6, -15, 1])
def test_another_code_is_no_proof_of_a_kill(diagnose: Explain, code: int) -> None:
    """A kill that another line tells of is not the death that the launcher saw."""
    log = spawned(2) + "train.sh: line 3:   455 Killed   python prepare.py\n"
    assert root_of(diagnose, log + closing((0, 130), code)).ranks == ()


def test_who_ended_well_before_is_not_the_dead_one(read: Read) -> None:
    done = "[2026-01-31 10:08:00,000] [INFO] [launch.py:351:main] Process 100 exits successfully.\n"
    record = read(spawned(3) + done + closing((0, 0, 130)))
    dead = found_dead([record], rank_map([record]))
    assert dead is not None
    assert (dead.rank, dead.code) == (1, -9)


def test_with_two_launchers_the_times_are_not_read(read: Read) -> None:
    """Both hosts have a process of that number."""
    record = read(spawned(2) + closing((0, 130)) + closing((130, 0)))
    assert found_dead([record], rank_map([record])) is None


def test_of_two_starts_in_one_file_the_last_counts(diagnose: Explain) -> None:
    log = spawned(2) + closing((0, 130)) + spawned(2) + closing((130, 0))
    assert root_of(diagnose, log).ranks == (1,)


def test_the_order_of_the_processes_tells_their_ranks(diagnose: Explain) -> None:
    """Under --no_local_rank the commands name none."""
    log = spawned(2, local_rank=False) + closing((130, 0))
    assert root_of(diagnose, log).ranks == (1,)


def test_the_order_of_ending_is_that_of_starting(diagnose: Explain) -> None:
    """Of a log without its start; the marked steps tell how many ranks there were."""
    steps = "".join(f"[rank {n}] step 7/60 loss 7.1\n" for n in range(3))
    assert root_of(diagnose, steps + closing((130, 0, 120))).ranks == (1,)
    assert root_of(diagnose, steps + closing((130, 0))).ranks == ()


def test_the_only_exception_is_that_of_the_process_found_dead(diagnose: Explain) -> None:
    log = spawned(2) + ERROR.format("a")
    assert root_of(diagnose, log + closing((150, 0), 1)).ranks == (1,)
    assert root_of(diagnose, log + closing((150, 0), 2)).ranks == ()


def test_one_of_two_exceptions_may_be_the_other_ranks(diagnose: Explain) -> None:
    log = spawned(2) + ERROR.format("a") + ERROR.format("b").replace("line 3", "line 9")
    root = root_of(diagnose, log + closing((150, 0), 1))
    assert root.ranks == ()
    assert "cannot tell which of ranks 0-1" in root.message


def test_an_exception_is_that_of_the_rank_that_has_no_other(diagnose: Explain) -> None:
    marked = "".join(f"[rank1]: {line}\n" for line in ERROR.format("b").splitlines())
    log = spawned(2) + ERROR.format("a") + marked.replace("line 3", "line 9")
    assert root_of(diagnose, log + closing((2, 2), 1)).ranks == (0,)
