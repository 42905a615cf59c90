"""Dumps of torch's flight recorder: real ones, older shapes, and what only looks like one."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.logs.flight_recorder import (
    DumpError,
    looks_like_dump,
    rank_of_name,
    read_dump,
    read_dumps,
)
from dsdoctor.logs.safe_pickle import UnsafePickleError
from dsdoctor.model import Frame

REAL = Path(__file__).parent / "data" / "recorder"


def written(tmp_path: Path, raw: object, name: str = "fr_0") -> Path:
    path = tmp_path / name
    path.write_bytes(pickle.dumps(raw, 2))
    return path


def dump_of(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "2.10", "pg_config": {}, "entries": list(entries), **more}


def test_a_real_pickle() -> None:
    dump = read_dump(REAL / "missing-rank" / "fr_1")
    assert (dump.rank, dump.version, dump.from_the_start, len(dump.entries)) == (1, "2.10", True, 5)
    last = dump.entries[-1]
    assert (last.seq, last.op, last.backend, last.group) == (5, "all_reduce", "gloo", "0")
    assert (last.inputs, last.types, last.desc) == (((8,),), ("Float",), "default_pg")
    assert last.done
    assert last.timeout_ms == 60_000
    assert last.frames[2] == Frame("/home/user/project/train.py", 18, "step")


def test_real_json_says_the_same_without_stacks() -> None:
    from_json = read_dump(REAL / "wrapped" / "fr_1.json")
    from_pickle = read_dump(REAL / "wrapped" / "fr_1")
    assert from_json.rank == 1
    assert not from_json.from_the_start
    assert [(e.seq, e.op, e.inputs, e.done) for e in from_json.entries] == [
        (e.seq, e.op, e.inputs, e.done) for e in from_pickle.entries
    ]
    assert all(not entry.frames for entry in from_json.entries)


def test_an_older_dump(tmp_path: Path) -> None:
    """torch 2.2 wrote one number and the group's id only."""
    entry = {"pg_id": 0, "seq_id": 7, "profiling_name": "nccl:broadcast", "state": "started"}
    entry |= {"input_sizes": ((3, 4),), "output_sizes": ((3, 4),), "frames": []}
    dump = read_dump(written(tmp_path, {"version": "1.1", "entries": [entry]}))
    (found,) = dump.entries
    assert (found.seq, found.group, found.op, found.inputs) == (7, "0", "broadcast", ((3, 4),))


def test_point_to_point_counts_on_its_own(tmp_path: Path) -> None:
    entry = {"profiling_name": "nccl:send 0->1", "is_p2p": True, "p2p_seq_id": 3}
    dump = read_dump(written(tmp_path, dump_of(entry | {"collective_seq_id": 9})))
    assert (dump.entries[0].seq, dump.entries[0].is_p2p) == (3, True)


def test_retired_is_done_for_gloo_only(tmp_path: Path) -> None:
    """With NCCL it means that the watchdog took the work away."""
    entry = {"state": "scheduled", "retired": True}
    gloo, nccl = ({**entry, "profiling_name": f"{name}:barrier"} for name in ("gloo", "nccl"))
    dump = read_dump(written(tmp_path, dump_of(gloo, nccl)))
    assert [found.done for found in dump.entries] == [True, False]


def test_groups_with_their_ranks(tmp_path: Path) -> None:
    config = {"0": {"name": "0", "desc": "default_pg", "ranks": "[0, 1, 5]"}, "x": 7}
    dump = read_dump(written(tmp_path, dump_of(pg_config=config)))
    assert dump.groups["0"].ranks == (0, 1, 5)
    assert dump.groups["x"].ranks == ()


@pytest.mark.parametrize(
    ("name", "ranks", "rank"),
    [
        ("fr_0", (), 0),
        ("nccl_trace_rank_3", (), 3),
        ("host7_rank3", (), 3),
        ("host7_rank3.pkl", (), 3),
        ("rank12-node4.dump", (), 12),
        ("fr_5.json", (), 5),
        ("run123", range(8), 3),
        ("run1210", range(16), 10),
        ("run100", range(4), 0),
        ("fr_12", range(8), 2),
        ("fr_70", (), 70),
        ("trace", (), None),
    ],
)
def test_the_rank_in_a_name(name: str, ranks: Any, rank: int | None) -> None:
    assert rank_of_name(name, set(ranks)) == rank


def test_a_rank_inside_the_dump_wins(tmp_path: Path) -> None:
    assert read_dump(written(tmp_path, dump_of(rank=6), "fr_2")).rank == 6


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (dump_of() | {"version": "3.0"}, "version 3.0"),
        ({"version": "2.4"}, "no version or entries"),
        ({"entries": []}, "no version or entries"),
        (dump_of() | {"entries": 5}, "holds no flight-recorder dump"),
        (["entries"], "holds no flight-recorder dump"),
    ],
)
def test_not_a_dump(tmp_path: Path, raw: object, why: str) -> None:
    with pytest.raises(DumpError, match=why):
        read_dump(written(tmp_path, raw))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"{", "neither a pickle nor JSON"),
        (b"[" * 100_000, "neither a pickle nor JSON"),
        (b"[]," * 2_000_000, "too many parts"),
        (b"hello\n", "neither a pickle nor JSON"),
        (json.dumps([1]).encode(), "holds no flight-recorder dump"),
    ],
)
def test_no_json_dump(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "fr_0.json"
    path.write_bytes(data)
    with pytest.raises(DumpError, match=why):
        read_dump(path)


def test_entries_of_odd_shapes_are_left_out(tmp_path: Path) -> None:
    odd: list[Any] = [None, 5, [], {}, {"profiling_name": 3}, {"profiling_name": "nccl:x\x1b[31m"}]
    odd.append({"profiling_name": "barrier", "input_sizes": [5, [None, "7"]], "frames": [{}, 1]})
    odd.append({"profiling_name": "b:c", "process_group": [1, 2, 3], "time_created_ns": 10**30})
    dump = read_dump(written(tmp_path, dump_of(*odd, pg_config=[1])))
    assert [entry.op for entry in dump.entries] == ["x", "barrier", "c"]
    assert dump.entries[1].inputs == ((-1, 7),)
    assert dump.entries[2].created_ns == -1
    assert dump.skipped == 5


def test_a_folder_of_dumps_and_others(tmp_path: Path) -> None:
    """What cannot be read becomes a note of one line, and the rest is read."""
    good = REAL / "healthy" / "fr_0"
    cut = tmp_path / "fr_1"
    cut.write_bytes(good.read_bytes()[:900])
    dumps, notes = read_dumps([good, cut, tmp_path / "gone"])
    assert [dump.rank for dump in dumps] == [0]
    assert notes == [
        f"{cut}: the pickle ends in the middle",
        f"{tmp_path / 'gone'}: cannot be read: No such file or directory",
    ]


def test_only_the_newest_are_kept() -> None:
    dump = read_dump(REAL / "healthy" / "fr_0", keep=2)
    assert [entry.seq for entry in dump.entries] == [5, 6]
    assert not dump.from_the_start
    assert dump.skipped == 0


@pytest.mark.parametrize(
    "path", sorted(REAL.glob("*/fr_*")), ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_real_dumps_are_recognised(path: Path) -> None:
    assert looks_like_dump(path, path.read_bytes()[:1024])


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("train.log", b"step 5 entries version pg_config"),
        ("config.json", b'{"train_batch_size": 8}'),
        ("entries.json", b'{"entries": [1, 2], "version": 3}'),
        ("data.pkl", pickle.dumps({"entries": [1]}, 2)),
        ("model.pt", b"\x80\x02version entries pg_config"),
        ("empty", b""),
    ],
)
def test_other_files_are_not(name: str, head: bytes) -> None:
    assert not looks_like_dump(Path(name), head)


def test_damage_never_escapes(tmp_path: Path) -> None:
    """Any bytes give a dump or an error of ours."""
    chance = random.Random(11)  # noqa: S311
    path = tmp_path / "fr_0"
    errors = 0
    for source in ("missing-rank/fr_0", "wrapped/fr_0.json"):
        data = (REAL / source).read_bytes()
        for _ in range(300):
            damaged = bytearray(data)
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(data))] = chance.randrange(256)
            path.write_bytes(damaged)
            try:
                read_dump(path)
            except (DumpError, UnsafePickleError) as error:
                errors += isinstance(error, SourceError)
    assert errors > 100
