"""The parts of supervision that need no processes: the log's bounds, when a run counts as hung."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from dsdoctor.smoke import watch
from dsdoctor.smoke.joblog import JobLog
from dsdoctor.smoke.processes import marked
from dsdoctor.smoke.recorder import recorder_settings
from dsdoctor.smoke.supervise import in_words
from dsdoctor.smoke.watch import Limits, Watch, whereabouts
from tests.unit.smoke.runs import rank


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch, "time", made)
    return made


def write(folder: Path, number: int, *items: dict[str, object]) -> None:
    with (folder / f"rank-{number}.jsonl").open("a") as out:
        out.writelines(json.dumps(item) + "\n" for item in items)


TRAIN = {"event": "phase", "name": "train"}


def step(number: int, seconds: float = 0.1) -> dict[str, object]:
    return {"event": "step", "step": number, "loss": 1.0, "seconds": seconds}


def test_silence_between_steps_is_a_hang(tmp_path: Path, clock: Clock) -> None:
    seen = Watch(tmp_path, Limits(600, silence=180, step=60), lambda _: None)
    write(tmp_path, 0, TRAIN, step(1))
    write(tmp_path, 1, TRAIN, step(1), step(2))
    assert seen.complaint({}) == ""
    clock.now += 59
    assert seen.complaint({}) == ""
    clock.now += 2
    told = seen.complaint({})
    assert told == (
        "no rank got on for 61 s; rank 0 in train after step 1, rank 1 in train after step 2"
    )


def test_silence_before_training_may_be_longer(tmp_path: Path, clock: Clock) -> None:
    seen = Watch(tmp_path, Limits(600, silence=180, step=60), lambda _: None)
    write(tmp_path, 0, {"event": "phase", "name": "initialize"})
    seen.complaint({})
    clock.now += 179
    assert seen.complaint({}) == ""
    clock.now += 2
    assert seen.complaint({}).endswith("rank 0 in initialize")


def test_slow_steps_may_take_their_time(tmp_path: Path, clock: Clock) -> None:
    """Twenty times the slowest step so far."""
    seen = Watch(tmp_path, Limits(6000, silence=180, step=60), lambda _: None)
    write(tmp_path, 0, TRAIN, step(1, 10.0))
    seen.complaint({})
    clock.now += 199
    assert seen.complaint({}) == ""
    clock.now += 2
    assert seen.complaint({}) != ""


def test_a_sign_of_life_starts_the_count_anew(tmp_path: Path, clock: Clock) -> None:
    seen = Watch(tmp_path, Limits(600, silence=180, step=60), lambda _: None)
    for number in range(1, 5):
        write(tmp_path, 0, TRAIN, step(number))
        assert seen.complaint({}) == ""
        clock.now += 50


def test_the_time_limit_counts_from_the_start(tmp_path: Path, clock: Clock) -> None:
    seen = Watch(tmp_path, Limits(100), lambda _: None)
    clock.now += 100
    assert seen.complaint({}) == "not done after 100 s; no rank has started"


def test_a_compiler_is_told_of_once_and_is_no_hang(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Path, "readlink", lambda _: Path("/cache/py311_cpu/cpu_adam"))
    seen = Watch(tmp_path, Limits(400, silence=180, step=60), told.append)
    for _ in range(9):
        clock.now += 100
        assert seen.complaint({17: "cc1plus", 18: "python"}) == ""
    clock.now += 1000
    assert seen.complaint({17: "cc1plus"}).startswith("not done after 400 s")
    assert told == ["compiling cpu_adam: 30 to 60 s, the first time only"]


def test_whereabouts_name_those_behind_first() -> None:
    behind = rank(2, ended=False, phase="init", phases=["init"], steps=[])
    train = {"ended": False, "phase": "train", "phases": ["init", "train"]}
    others = [rank(0, **train), rank(1, **train), rank(3)]
    assert whereabouts([*others, behind]) == (
        "rank 2 in init, rank 0-1 in train after step 4, rank 3 at its end"
    )
    assert whereabouts([]) == "no rank has started"


def test_a_small_log_is_kept_whole(tmp_path: Path) -> None:
    with JobLog(tmp_path / "log", head=10, tail=100) as log:
        for _ in range(5):
            log.write(b"0123456\n")
    assert (tmp_path / "log").read_bytes() == b"0123456\n" * 5


def test_a_large_log_loses_its_middle(tmp_path: Path) -> None:
    lines = [f"{number:06}\n".encode() for number in range(1000)]
    with JobLog(tmp_path / "log", head=70, tail=70) as log:
        for line in lines:
            log.write(line)
    data = (tmp_path / "log").read_bytes()
    head, _, rest = data.partition(b"\n[dsdoctor: ")
    note, _, tail = rest.partition(b" bytes of output are left out here]\n")
    assert head == b"".join(lines[:10])
    assert b"".join(lines).endswith(tail)
    assert int(note) == 7000 - len(head) - len(tail)
    assert 60 <= len(tail) <= 80


def test_what_the_user_set_for_nccl_stays(tmp_path: Path) -> None:
    mine = recorder_settings(tmp_path, {})
    assert mine["TORCH_NCCL_TRACE_BUFFER_SIZE"] == "2000"
    assert mine["TORCH_FR_DUMP_TEMP_FILE"].startswith(str(tmp_path))
    theirs = recorder_settings(
        tmp_path, {"TORCH_NCCL_TRACE_BUFFER_SIZE": "7", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE": "/x"}
    )
    assert sorted(theirs) == [
        "TORCH_FR_DUMP_ON_TIMEOUT", "TORCH_NCCL_DEBUG_INFO_PIPE_FILE", "TORCH_NCCL_DUMP_ON_TIMEOUT",
    ]  # fmt: skip


def test_how_a_launcher_ended_in_words() -> None:
    assert in_words(0) == "exit code 0"
    assert in_words(-signal.SIGKILL) == "ended by SIGKILL"
    assert in_words(-60) == "ended by signal 60"
    assert in_words(None) == "had to be ended"


def test_a_mark_that_nobody_carries() -> None:
    assert marked("no such mark") == {}
