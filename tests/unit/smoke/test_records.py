"""Rank files as the worker writes them, and as a killed or broken one leaves them."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

from dsdoctor.smoke.records import RankRecord, read_records

START = {
    "event": "start", "time": 10.5, "rank": 0, "local_rank": 0, "world_size": 2, "host": "node-1",
    "pid": 77, "device": "cuda", "versions": {"torch": "2.4.0", "nccl": None},
}  # fmt: skip


def one(folder: Path, *items: object, rest: str = "") -> RankRecord:
    """The record of rank 0 with these lines, and ``rest`` behind the last line feed."""
    lines = [item if isinstance(item, str) else json.dumps(item) for item in items]
    (folder / "rank-0.jsonl").write_text("".join(f"{line}\n" for line in lines) + rest)
    (record,) = read_records(folder)
    return record


def test_a_whole_run(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        START,
        {"event": "phase", "name": "train", "time": 11},
        {"event": "step", "step": 1, "loss": 5.5, "seconds": 0.25, "skipped": True},
        {"event": "step", "step": 2, "loss": 5.25, "seconds": 0.125, "skipped": False},
        {"event": "memory", "gpu_allocated": 100, "gpu_reserved": 200, "host_rss": 5},
        {"event": "digest", "name": "parameters", "value": "ff" * 32},
        {"event": "resumed", "step": 2, "loss": 5.25},
        {"event": "gathered", "keys": 12, "bytes": 99},
        {"event": "end", "ok": True, "time": 20.0},
    )
    assert (record.rank, record.host, record.pid, record.world_size) == (0, "node-1", 77, 2)
    assert record.versions == {"torch": "2.4.0"}
    assert (record.steps, record.losses, record.skipped) == ([1, 2], [5.5, 5.25], [1])
    assert record.memory["gpu_reserved"] == 200
    assert record.memory["gpu_total"] is None
    assert (record.digest, record.resumed, record.gathered) == ("ff" * 32, (2, 5.25), 12)
    assert (record.ended, record.started, record.time, record.phase) == (True, 10.5, 20.0, "train")


def test_a_line_that_is_not_whole_does_not_count(tmp_path: Path) -> None:
    record = one(tmp_path, START, rest='{"event": "end", "ok": true}')
    assert not record.ended


def test_nonsense_is_passed_over(tmp_path: Path) -> None:
    record = one(
        tmp_path, START, "no json", "[1]", "[" * 100_000, {"event": "step", "step": "one"},
        {"event": "step", "step": True}, {"event": "unheard of"}, {"event": ["phase"]},
        {"event": "memory", "host_rss": -5}, {"event": "start", "versions": [1], "pid": 1.5},
    )  # fmt: skip
    assert (record.steps, record.memory["host_rss"], record.pid) == ([], None, None)


def test_a_loss_that_is_no_number(tmp_path: Path) -> None:
    lines = ('{"event": "step", "step": 1, "loss": NaN, "seconds": 1}',
             '{"event": "step", "step": 2, "loss": null, "seconds": 1}',
             '{"event": "step", "step": 3, "loss": "4", "seconds": 1}')  # fmt: skip
    assert all(isnan(loss) for loss in one(tmp_path, *lines).losses)


def test_ranks_come_by_number_and_other_files_do_not_count(tmp_path: Path) -> None:
    for name in ("rank-10.jsonl", "rank-2.jsonl", "rank-x.jsonl", "rank-1.jsonl.bak"):
        (tmp_path / name).write_text("")
    assert [record.rank for record in read_records(tmp_path)] == [2, 10]
