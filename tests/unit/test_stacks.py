"""Who stands elsewhere while the others wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.diagnosis.activity import doing, place, waits_for_all
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.diagnosis.stacks import stack_findings
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.pyspy import Stack, parse_pyspy, read_pyspy
from dsdoctor.model import Confidence, Finding, Frame, Role

REAL = Path(__file__).parent / "data" / "stacks"
PACK = load_pack()
REDUCE = (
    "all_reduce (torch/distributed/distributed_c10d.py:3252)",
    "step (train.py:22)",
    "<module> (train.py:30)",
)
BARRIER = ("barrier (torch/distributed/distributed_c10d.py:5356)", *REDUCE[1:])
COMPUTE = ("forward (model.py:5)", *REDUCE[1:])


def real(case: str) -> list[Stack]:
    return [stack for path in sorted((REAL / case).glob("*.txt")) for stack in read_pyspy(path)]


def stack(rank: int, *frames: str) -> Stack:
    lines = "".join(f"    {frame}\n" for frame in frames)
    text = f'Process {100 + rank}: python train.py\nThread 1 (idle): "MainThread"\n{lines}'
    return parse_pyspy(text.encode(), f"pyspy_rank{rank}.txt")[0]


def found(*stacks: Stack) -> list[Finding]:
    return stack_findings(stacks, RankMap(), PACK)


def test_a_real_slow_rank() -> None:
    (finding,) = found(*real("slow-rank"))
    assert (finding.code, finding.ranks, finding.confidence) == ("DSN085", (1,), Confidence.LIKELY)
    assert finding.message == (
        "By its stack, rank 1 is in tokenize (train.py:11 in tokenize), while rank 0, 2 waits"
        " in all_reduce (train.py:12 in reduce_loss)"
    )
    assert finding.user_frame == "train.py:11 in tokenize"
    assert finding.evidence[0].file.endswith("slow-rank/pyspy_rank1.txt")
    assert finding.evidence[0].line == 4


def test_a_real_save_on_one_rank() -> None:
    (finding,) = found(*real("save-on-one-rank"))
    assert (finding.code, finding.ranks, finding.role) == ("DSN085", (0,), Role.CAUSE)
    assert "rank 0 saves a checkpoint" in finding.message


def test_a_real_op_build_is_no_hang() -> None:
    (finding,) = found(*real("op-build"))
    assert (finding.code, finding.role, finding.ranks) == ("DSN086", Role.CONTEXT, (0,))
    assert finding.message == "By its stack, rank 0 compiles an op, and rank 1-2 waits for it"
    assert finding.user_frame == "train.py:21 in train"


def test_all_in_the_same_call_says_nothing() -> None:
    assert found(*(stack(rank, *REDUCE) for rank in range(4))) == []


def test_one_process_says_nothing() -> None:
    assert found(stack(0, *REDUCE)) == []
    assert found() == []


def test_two_ranks() -> None:
    (finding,) = found(stack(0, *REDUCE), stack(1, *COMPUTE))
    assert (finding.ranks, finding.confidence) == ((1,), Confidence.LIKELY)


def test_a_rank_at_its_data_loader_is_only_possible() -> None:
    fetch = "_try_get_data (torch/utils/data/dataloader.py:1275)"
    (finding,) = found(*(stack(r, *REDUCE) for r in range(3)), stack(3, fetch, *REDUCE[1:]))
    assert (finding.ranks, finding.confidence) == ((3,), Confidence.POSSIBLE)
    assert "waits for its data loader" in finding.message


def test_one_in_another_collective() -> None:
    (finding,) = found(*(stack(r, *REDUCE) for r in range(3)), stack(3, *BARRIER))
    assert (finding.ranks, finding.confidence) == ((3,), Confidence.LIKELY)
    assert "rank 3 is in barrier" in finding.message


def test_two_halves_in_different_collectives() -> None:
    """Neither half is the odd one."""
    (finding,) = found(stack(0, *REDUCE), stack(1, *BARRIER))
    assert (finding.ranks, finding.confidence) == ((0, 1), Confidence.POSSIBLE)
    assert "rank 0 in all_reduce (train.py:22 in step); rank 1 in barrier" in finding.message


def test_a_running_job_with_different_stacks_is_silent() -> None:
    """Nobody waits, and no stack is that of the majority."""
    stacks = [stack(rank, f"layer_{rank} (model.py:5)", *REDUCE[1:]) for rank in range(4)]
    assert found(*stacks) == []


def test_few_that_wait_accuse_nobody() -> None:
    """Most are still on their way: that is a job at work."""
    moving = [stack(rank, f"layer_{rank} (model.py:5)", *REDUCE[1:]) for rank in range(3)]
    assert found(*moving, stack(3, *REDUCE)) == []


def test_a_majority_that_does_not_look_like_waiting_is_possible() -> None:
    """On a GPU the wait hides in a call such as item()."""
    item = ("has_overflow (deepspeed/runtime/utils.py:200)", *REDUCE[1:])
    (finding,) = found(*(stack(r, *item) for r in range(3)), stack(3, "tokenize (train.py:4)"))
    assert (finding.ranks, finding.confidence) == ((3,), Confidence.POSSIBLE)


def test_the_last_dump_of_a_process_counts() -> None:
    assert found(stack(0, *COMPUTE), stack(1, *REDUCE), stack(0, *REDUCE)) == []


def test_ranks_by_the_launchers_pids() -> None:
    text = b"".join(
        f'Process {pid}: python train.py\nThread 1 (idle): "MainThread"\n    {frame}\n'.encode()
        for pid, frame in ((71, REDUCE[0]), (72, REDUCE[0]), (70, "sleep (train.py:3)"))
    )
    stacks = parse_pyspy(text, "stacks.txt")
    (finding,) = stack_findings(stacks, RankMap(local_of_pid={70: 2, 71: 0, 72: 1}), PACK)
    assert finding.ranks == (2,)
    (nameless,) = found(*stacks)
    assert nameless.ranks == ()
    assert "process 70 is in sleep" in nameless.message


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (Frame("torch/serialization.py", 9, "save"), "saves a checkpoint"),
        (
            Frame("deepspeed/runtime/engine.py", 9, "DeepSpeedEngine.save_checkpoint"),
            "saves a checkpoint",
        ),
        (Frame("function.py", 9, "save_for_backward"), ""),
        (Frame("pdb.py", 9, "Pdb.interaction"), "stops in a debugger"),
        (Frame("datasets/arrow_dataset.py", 9, "Dataset.map"), "prepares a dataset"),
        (Frame("torch/utils/file_baton.py", 9, "wait"), "waits for the lock of an op build"),
        (Frame("huggingface_hub/file_download.py", 9, "http_get"), "downloads"),
    ],
)
def test_what_a_stack_says(frame: Frame, what: str) -> None:
    assert doing([frame]) == what


def test_what_counts_as_waiting() -> None:
    assert waits_for_all([Frame("deepspeed/comm/comm.py", 1, "all_gather_into_tensor")])
    assert waits_for_all([Frame("torch/cuda/__init__.py", 1, "synchronize")])
    assert not waits_for_all([Frame("torch/distributed/fsdp/api.py", 1, "forward")])
    assert not waits_for_all([Frame("threading.py", 1, "wait")])


def test_the_users_frame_is_not_of_the_standard_library() -> None:
    """py-spy cuts paths, so these look like the user's own files."""
    inner = [Frame("threading.py", 1, "wait"), Frame("multiprocessing/queues.py", 2, "get")]
    assert place([*inner, Frame("train.py", 3, "main")]) == "train.py:3 in main"
    assert place(inner) == "threading.py:1 in wait"
    assert place([]) == ""
