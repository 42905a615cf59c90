"""Dumps of the flight recorder: any JSON, and dumps of the right shape with odd values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dsdoctor.diagnosis.recorder_findings import recorder_findings, recorder_notes
from dsdoctor.logs.flight_recorder import MAX_ENTRIES, Dump, _dump, _json
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import pack
from tests.fuzz.target import Target

OPS = (
    "nccl:all_reduce",
    "nccl:_allgather_base",
    "gloo:barrier",
    "nccl:send 0->1",
    "nccl:recv 0<-1",
    "x",
    "",
)
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**63,
    10**40,
    1.5,
    "",
    "1",
    "nan",
    "\ud800",
    "\x1b[31m",
    [],
    {},
    "٣",
)
STATES = ("scheduled", "started", "completed", "")
WIDE = ("time_created_ns", "record_id", "timeout_ms")


def run(data: bytes) -> None:
    """Read two or three dumps and compare them."""
    if data[:1] == b"\0":
        dumps = [_dump(_json(data[1:], "fr_0.json"), "fr_0.json", 0, MAX_ENTRIES)]
    else:
        choices = Choices(data[1:])
        dumps = [_read(choices, rank) for rank in range(2 + choices.number(8) // 7)]
    for finding in recorder_findings(dumps, len(dumps), pack()):
        assert_plain(finding.message + finding.why)
    for note in recorder_notes(dumps, 4):
        assert_plain(note)


def _read(choices: Choices, rank: int) -> Dump:
    raw = {
        "version": choices.pick(["2.4", "2.10", "1.0", "1", 2, "3"]),
        "entries": [_entry(choices, number) for number in range(choices.number(4))],
        "pg_config": {"0": {"name": "0", "desc": "default_pg", "ranks": _ranks(choices)}},
        "rank": choices.pick([rank, rank, None, "0", -1, 10**30]),
    }
    return _dump(raw, f"fr_{rank}", 0, MAX_ENTRIES)


def _ranks(choices: Choices) -> Any:
    return choices.pick(
        ["[0, 1, 2, 3]", "[0, 1]", "", [0, 1], None, "9999999 " * 40, [10**30, "x"]]
    )


def _entry(choices: Choices, number: int) -> dict[str, Any]:
    """An entry, with an odd value here and there."""
    entry: dict[str, Any] = {
        "profiling_name": choices.pick(OPS),
        "collective_seq_id": number + choices.number(3),
        "p2p_seq_id": choices.number(3),
        "state": choices.pick(STATES),
        "retired": choices.number(2) == 1,
        "process_group": choices.pick([["0", "default_pg"], ["1", "x"], ["0"], "0", 5]),
        "input_sizes": choices.pick([[[2, 3]], [[2, 4]], [[]], [2], None, [[10**30, "7"]]]),
        "output_sizes": [[2, 3]],
        "input_dtypes": choices.pick([["Float"], ["BFloat16"], [None], "Float"]),
        "frames": [{"name": "f", "filename": "train.py", "line": choices.pick(ODD)}],
    }
    for name in WIDE:
        entry[name] = choices.number(65536) if choices.number(3) else choices.pick(ODD)
    for _ in range(choices.number(3)):
        entry[choices.pick(sorted(entry))] = choices.pick(ODD)
    return entry


def seeds() -> Iterator[bytes]:
    """A JSON dump, small."""
    entry = {
        "profiling_name": "nccl:all_reduce",
        "collective_seq_id": 1,
        "state": "started",
        "process_group": ["0", "default_pg"],
        "frames": [{"name": "f", "filename": "a.py", "line": 1}],
    }
    dump = {"version": "2.4", "entries": [entry], "pg_config": {"0": {"name": "0", "ranks": "[0]"}}}
    yield b"\0" + json.dumps(dump).encode()


TARGET = Target(
    "recorder", run, seeds, lambda: ["entries", "version", "pg_config", "profiling_name"], 512
)
