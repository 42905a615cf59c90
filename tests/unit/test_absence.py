"""Who never came, who was elsewhere, and when that cannot be said."""

from __future__ import annotations

import pytest

from tests.conftest import Explain

GLOG = "[rank{rank}]:[E131 10:10:0{rank}.460118430 ProcessGroupNCCL.cpp:632] "
PG = "[PG ID {pg} PG GUID {pg}(default_pg) Rank {rank}] "
TIMEOUT = (
    "Watchdog caught collective operation timeout: WorkNCCL(SeqNum={seq}, OpType={op}, "
    "NumelIn={numel}, NumelOut={numel}, Timeout(ms)=25000) ran for 25012 milliseconds before "
    "timing out."
)
DUMP = (
    "Received a dump signal due to a collective timeout from  rank 0 and we will try our best to "
    "dump the debug info. Last enqueued NCCL work: {enq}, last completed NCCL work: {done}."
)
START = "[2026-01-31 10:00:00,000] [INFO] [launch.py:164:main] dist_world_size={world}\n"
END = (
    "[2026-01-31 10:11:00,000] [ERROR] [launch.py:259:sigkill_handler] ['python', '-u', "
    "'train.py', '--local_rank=3'] exits with return code = -6\n"
)


def waits(
    rank: int, seq: int = 517, op: str = "_ALLGATHER_BASE", numel: int = 8, pg: int = 0
) -> str:
    """A rank's watchdog fires."""
    text = TIMEOUT.format(seq=seq, op=op, numel=numel)
    return (GLOG + PG).format(rank=rank, pg=pg) + text + "\n"


def told(rank: int, enq: int, done: int) -> str:
    """A rank is told of another one's timeout."""
    return (GLOG + PG).format(rank=rank, pg=0) + DUMP.format(enq=enq, done=done) + "\n"


def test_equal_numbers_mean_that_the_rank_never_entered(diagnose: Explain) -> None:
    """Rank 1 had finished all it had enqueued when rank 0 waited in 517."""
    log = START.format(world=2) + waits(0) + told(1, 516, 516) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert (root.code, root.ranks, root.confidence.value) == ("DSN010", (1,), "likely")
    assert "_ALLGATHER_BASE 517" in root.message
    assert "parameters under ZeRO-3" in root.message
    assert [item.line for item in root.evidence] == [3, 2]


def test_the_timeout_becomes_a_consequence(diagnose: Explain) -> None:
    report = diagnose(START.format(world=2) + waits(0) + told(1, 516, 516) + END)
    (timeout,) = [item for item in report.findings if item.code == "DSN001"]
    assert (timeout.role.value, timeout.caused_by) == ("consequence", "DSN010")


def test_a_rank_with_work_under_way_is_not_accused(diagnose: Explain) -> None:
    """Its numbers differ: it is somewhere inside a collective as well."""
    log = START.format(world=2) + waits(0) + told(1, 518, 516) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert (root.code, root.ranks) == ("DSN001", (0,))


def test_different_collectives_at_one_number(diagnose: Explain) -> None:
    log = START.format(world=2) + waits(0, 9, "ALLREDUCE", 7) + waits(1, 9) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert (root.code, root.ranks) == ("DSN008", (0, 1))
    assert "ALLREDUCE" in root.message
    assert "_ALLGATHER_BASE" in root.message


def test_different_sizes_at_one_number(diagnose: Explain) -> None:
    log = START.format(world=2) + waits(0, 9, "ALLREDUCE", 7) + waits(1, 9, "ALLREDUCE", 8) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert root.code == "DSN008"
    assert "7 and 8" in root.message


def test_different_groups_may_differ(diagnose: Explain) -> None:
    """The same number in two process groups is no mismatch."""
    log = START.format(world=2) + waits(0, 9, "ALLREDUCE", 7, pg=1) + waits(1, 9, pg=2) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert root.code == "DSN001"


def test_the_silent_one_of_many(diagnose: Explain) -> None:
    """Three of four ranks time out, the fourth says nothing."""
    log = START.format(world=4) + waits(0) + waits(1) + waits(3) + END
    root = diagnose(log).verdict.root
    assert root is not None
    assert (root.code, root.ranks, root.confidence.value) == ("DSN010", (2,), "possible")


@pytest.mark.parametrize("world", [4, 8])
def test_most_of_the_ranks_silent_is_no_evidence(diagnose: Explain, world: int) -> None:
    """Their lines are more likely missing than they themselves."""
    root = diagnose(START.format(world=world) + waits(0) + END).verdict.root
    assert root is not None
    assert root.code == "DSN001"


def test_all_waited(diagnose: Explain) -> None:
    """Nobody is missing: the network, the GPU, or too short a timeout."""
    root = diagnose(START.format(world=2) + waits(0) + waits(1) + END).verdict.root
    assert root is not None
    assert (root.code, root.ranks, root.confidence.value) == ("DSN001", (0, 1), "likely")
