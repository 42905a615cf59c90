"""What the dumps of several ranks say together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsdoctor.diagnosis.recorder import compare
from dsdoctor.diagnosis.recorder_findings import recorder_findings, recorder_notes
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.flight_recorder import Dump, read_dumps
from dsdoctor.logs.recorder_entries import Entry, Group
from dsdoctor.model import Confidence, Finding, Frame, Role

REAL = Path(__file__).parent / "data" / "recorder"
PACK = load_pack()
SECOND = 1_000_000_000
NOW = 10_000 * SECOND
STEP = Frame("/home/user/project/train.py", 18, "step")
EVAL = Frame("/home/user/project/train.py", 40, "evaluate")
TORCH = Frame(
    "/v/lib/python3.11/site-packages/torch/distributed/distributed_c10d.py", 9, "all_reduce"
)


def real(case: str, *names: str) -> list[Dump]:
    paths = sorted((REAL / case).glob("fr_?"))
    return read_dumps([path for path in paths if not names or path.name in names])[0]


def op(seq: int, what: str = "all_reduce", state: str = "completed", **more: Any) -> Entry:
    """An entry of NCCL's default group, enqueued at second ``seq``."""
    values: dict[str, Any] = {
        "record_id": seq - 1, "group": "0", "desc": "default_pg", "seq": seq, "op": what,
        "backend": "nccl", "state": state, "created_ns": seq * SECOND, "timeout_ms": 600_000,
        "inputs": ((8,),), "outputs": ((8,),), "types": ("Float",), "frames": (TORCH, STEP),
    }  # fmt: skip
    return Entry(**(values | more))


def steps(done: int, *more: Entry) -> tuple[Entry, ...]:
    return (*(op(seq) for seq in range(1, done + 1)), *more)


def dump(rank: int, *entries: Entry, world: int = 4, **more: Any) -> Dump:
    groups = {"0": Group("0", "default_pg", tuple(range(world)))}
    groups |= more.pop("groups", {})
    values: dict[str, Any] = {"written_ns": NOW, "groups": groups, "entries": entries}
    return Dump(f"fr_{rank}", rank, "2.10", **(values | more))


def waits(seq: int, **more: Any) -> Entry:
    return op(seq, "_all_gather_base", "scheduled", frames=(TORCH, EVAL), **more)


def found(dumps: list[Dump], world: int | None = 4) -> list[Finding]:
    return recorder_findings(dumps, world, PACK)


def test_a_real_missing_rank() -> None:
    (finding,) = found(real("missing-rank"), 2)
    assert (finding.code, finding.ranks, finding.role) == ("DSN080", (1,), Role.CAUSE)
    assert finding.message == (
        "Rank 1 never entered all_reduce number 6 of group 0 (default_pg), [8] Float,"
        " in which rank 0 waits"
    )
    assert finding.user_frame == "/home/user/project/train.py:18 in step"
    texts = [item.text for item in finding.evidence]
    assert texts[0] == (
        "rank 1: last collective 5 all_reduce, at /home/user/project/train.py:18, next expected 6"
    )
    assert "scheduled, not started, at /home/user/project/train.py:15" in texts[1]
    assert finding.evidence[0].file.endswith("missing-rank/fr_1")


def test_a_real_mismatch() -> None:
    (finding,) = found(real("mismatch"), 2)
    assert (finding.code, finding.ranks, finding.confidence) == (
        "DSN081",
        (0, 1),
        Confidence.CERTAIN,
    )
    assert "rank 0: broadcast [3] Float; rank 1: all_reduce [8] Float" in finding.message


def test_a_real_wait_across_groups() -> None:
    """Each rank waits for the other, in another group: the order differs, nobody is missing."""
    (finding,) = found(real("crossed-groups"), 2)
    assert (finding.code, finding.ranks, finding.confidence) == (
        "DSN081",
        (0, 1),
        Confidence.LIKELY,
    )
    assert "rank 0: all_reduce number 1 of group 1" in finding.message


def test_a_real_healthy_job_is_silent() -> None:
    assert found(real("healthy"), 2) == []
    assert recorder_notes(real("healthy"), 2) == []


@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_real_ring_buffer_that_wrapped(ending: str) -> None:
    dumps, _ = read_dumps([REAL / "wrapped" / f"fr_{rank}{ending}" for rank in range(3)])
    (finding,) = found(dumps, 3)
    assert (finding.code, finding.ranks) == ("DSN080", (1,))
    assert "rank 0, 2 waits" in finding.message


def test_certain_with_every_dump_and_a_long_wait() -> None:
    dumps = [dump(rank, *steps(516, waits(517))) for rank in (0, 1, 3)]
    (finding,) = found([dump(2, *steps(516)), *dumps])
    assert (finding.code, finding.ranks, finding.confidence) == ("DSN080", (2,), Confidence.CERTAIN)
    assert "_all_gather_base number 517" in finding.message
    assert "next expected 517" in finding.evidence[0].text


def test_a_moment_of_a_running_job_is_not_certain() -> None:
    """Dumps taken by hand: one rank is a moment behind."""
    late = 518 * SECOND
    dumps = [dump(rank, *steps(516, waits(517)), written_ns=late) for rank in (0, 1, 3)]
    (finding,) = found([dump(2, *steps(516), written_ns=late), *dumps])
    assert finding.confidence is Confidence.LIKELY


def test_with_a_dump_missing_the_rank_behind_is_likely() -> None:
    dumps = [dump(0, *steps(9, waits(10))), dump(1, *steps(9, waits(10))), dump(2, *steps(9))]
    (finding,) = found(dumps)
    assert (finding.ranks, finding.confidence) == ((2,), Confidence.LIKELY)
    assert "no dump of rank 3" in finding.message


def test_without_the_guilty_dump_its_silence_is_possible() -> None:
    dumps = [dump(rank, *steps(9, waits(10))) for rank in (0, 1, 3)]
    (finding,) = found(dumps)
    assert (finding.code, finding.ranks, finding.confidence) == (
        "DSN080",
        (2,),
        Confidence.POSSIBLE,
    )
    assert "is not seen in" in finding.message


@pytest.mark.parametrize("kept", range(4))
def test_no_dump_cut_away_makes_another_rank_guilty(kept: int) -> None:
    """Rank 2 is guilty. Of any three dumps, nobody else is named who left one."""
    every = [dump(r, *steps(9, waits(10))) if r != 2 else dump(2, *steps(9)) for r in range(4)]
    rest = [item for item in every if item.rank != kept]
    assert {rank for finding in found(rest) for rank in finding.ranks} <= {2}


def test_one_dump_of_four_is_only_a_note() -> None:
    dumps = [dump(0, *steps(9, waits(10)))]
    assert found(dumps) == []
    (note,) = recorder_notes(dumps, 4)
    assert "dumps of rank 1-3 are needed" in note


def test_all_are_in_it_and_it_does_not_end() -> None:
    (finding,) = found([dump(rank, *steps(9, waits(10))) for rank in range(4)])
    assert (finding.code, finding.confidence) == ("DSN082", Confidence.LIKELY)
    assert "All 4 ranks entered _all_gather_base number 10" in finding.message
    assert finding.ranks == (0, 1, 2, 3)


def test_all_are_in_it_and_some_completed() -> None:
    done = [dump(rank, *steps(10)) for rank in (0, 1, 3)]
    (finding,) = found([*done, dump(2, *steps(9, op(10, state="started")))])
    assert (finding.code, finding.ranks) == ("DSN082", (2,))
    assert "rank 0-1, 3 completed it" in finding.message


def test_the_program_goes_on_after_a_stuck_collective() -> None:
    """GPU work is asynchronous: who stops first in Python is not who is missing."""
    ahead = [dump(rank, *steps(9, waits(10), waits(11), waits(12))) for rank in (0, 1, 3)]
    (finding,) = found([*ahead, dump(2, *steps(9, waits(10)))])
    assert (finding.code, finding.ranks) == ("DSN082", (0, 1, 2, 3))


def test_one_deviates() -> None:
    dumps = [dump(rank, *steps(9, waits(10))) for rank in (0, 2, 3)]
    (finding,) = found([*dumps, dump(1, *steps(9, op(10, "broadcast", "scheduled")))])
    assert (finding.code, finding.ranks, finding.confidence) == ("DSN081", (1,), Confidence.CERTAIN)
    assert "rank 1: broadcast [8] Float; rank 0, 2-3: _all_gather_base" in finding.message


@pytest.mark.parametrize(("key", "value"), [("inputs", ((9,),)), ("types", ("Half",))])
def test_other_sizes_or_types(key: str, value: Any) -> None:
    dumps = [dump(rank, *steps(9, waits(10))) for rank in (0, 2, 3)]
    (finding,) = found([*dumps, dump(1, *steps(9, waits(10, **{key: value})))])
    assert (finding.code, finding.ranks, finding.confidence) == ("DSN081", (1,), Confidence.LIKELY)


def test_sizes_may_differ_where_the_operation_allows_it() -> None:
    def all_to_all(rank: int) -> Entry:
        return op(10, "all_to_all", "scheduled", inputs=((rank,),))

    (finding,) = found([dump(rank, *steps(9, all_to_all(rank))) for rank in range(4)])
    assert finding.code == "DSN082"


def test_completed_collectives_of_other_sizes_in_a_healthy_job_are_silent() -> None:
    assert found([dump(rank, op(1, inputs=((rank,),))) for rank in range(4)]) == []


def test_the_chain_of_waits_leads_to_its_end() -> None:
    """Rank 3 is missing in the group of 2 and 3; so 2 never comes to the group of 0 and 2."""
    tensor, data = Group("7", "tp", (2, 3)), Group("8", "dp", (0, 2))
    groups = {"7": tensor, "8": data}
    in_tp = op(5, "all_reduce", "scheduled", group="7", desc="tp", record_id=9)
    in_dp = op(5, "all_reduce", "scheduled", group="8", desc="dp", record_id=9)
    tp = [op(seq, group="7", desc="tp") for seq in range(1, 5)]
    dp = [op(seq, group="8", desc="dp") for seq in range(1, 5)]
    dumps = [
        dump(0, *steps(3), *dp, in_dp, groups=groups),
        dump(1, *steps(3), groups=groups),
        dump(2, *steps(3), *tp, *dp, in_tp, groups=groups),
        dump(3, *steps(3), *tp, groups=groups),
    ]
    (finding,) = found(dumps)
    assert (finding.code, finding.ranks, finding.confidence) == ("DSN080", (3,), Confidence.CERTAIN)
    assert "group 7 (tp; ranks 2-3)" in finding.message


def test_parts_of_a_coalesced_operation_are_not_stuck() -> None:
    """torch never updates their state; the last entry of the number speaks for them."""
    part = op(2, "all_gather", "scheduled")
    whole = op(2, "coalesced", "completed", inputs=(), frames=())
    entries = (op(1), part, part, whole, op(3))
    assert found([dump(rank, *entries) for rank in range(4)]) == []


def test_a_rank_whose_entries_were_overwritten_is_not_accused() -> None:
    """Its ring buffer holds nothing of the group any more."""
    other = Group("9", "ep", (1,))
    late = [op(seq, group="9", desc="ep") for seq in range(700, 720)]
    dumps = [dump(rank, *steps(9, waits(10))) for rank in (0, 2, 3)]
    (finding,) = found([*dumps, dump(1, *late, groups={"9": other})])
    assert finding.confidence is Confidence.POSSIBLE


def test_the_other_end_of_a_receive() -> None:
    receive = op(4, "recv 1<-0", "scheduled", is_p2p=True)
    (finding,) = found([dump(0, *steps(3), world=2), dump(1, *steps(3, receive), world=2)], 2)
    assert (finding.code, finding.ranks) == ("DSN080", (0,))
    assert "the other end of recv 1<-0 number 4" in finding.message
    assert finding.confidence is Confidence.LIKELY


def test_dumps_of_an_earlier_attempt_and_without_a_rank() -> None:
    old = dump(1, op(1, state="scheduled"))
    nameless = Dump("trace", None, "2.10")
    dumps = [dump(rank, *steps(9)) for rank in range(4)]
    assert found([old, nameless, *dumps]) == []
    notes = recorder_notes([old, nameless, *dumps], 4)
    assert notes[0] == "trace: the name does not tell the rank; give it a name like fr_3"
    assert notes[1].startswith("fr_1: an older dump of rank 1")


def test_who_stands_where() -> None:
    """The comparison says it for each member."""
    dumps = [dump(0, *steps(10)), dump(1, *steps(9, op(10, state="started"))), dump(2, *steps(9))]
    (stuck,) = compare(dumps, 4).stuck
    assert [(place.rank, place.standing) for place in stuck.places] == [
        (0, "completed"),
        (1, "started, not completed"),
        (2, "never recorded"),
        (3, "no dump"),
    ]
    assert (stuck.seq, stuck.waiting, stuck.complete) == (10, (1,), False)


def test_nothing_at_all() -> None:
    assert found([], None) == []
