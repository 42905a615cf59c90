"""Reports of earlier preflights."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dsdoctor.model import Outcome, ProbeResult
from dsdoctor.probes.baseline import changes, read_baseline
from dsdoctor.report.lines import as_plain
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.json_trees import bent
from tests.fuzz.target import Target

NOW = [
    ProbeResult(
        "gpus", Outcome.OK, "", facts={"driver": "580", "gpus": [{"name": "H100"}, {"name": "x"}]}
    ),
    ProbeResult("host", Outcome.OK, "", host="node-1", facts={"kernel": "6.1"}),
]
BEFORE = {
    "probes": [
        {"probe": "gpus", "host": None, "facts": {"driver": "535", "gpus": [{"name": "A"}, {}]}},
        {"probe": "host", "host": "node-1", "facts": {"kernel": "5.4", "x": [1, 2]}},
    ]
}
_SHM = Path("/dev/shm")  # noqa: S108 - a file a run must not wear out a disk
_FOLDER = tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None)
PATH = Path(_FOLDER.name, "baseline.json")


def run(data: bytes) -> None:
    """Read it and compare."""
    PATH.write_bytes(data[1:] if data[:1] != b"\1" else bent(BEFORE, Choices(data[1:])))
    for line in changes(read_baseline(PATH), NOW):
        assert_plain(as_plain([[(line, "")]]))


def seeds() -> Iterator[bytes]:
    """Reports with the facts of now and of others."""
    yield b"\0" + json.dumps(BEFORE).encode()
    yield from (bytes((1, number, number * 3, number * 5, 1, 2, 3)) for number in range(30))


TARGET = Target(
    "baseline", run, seeds, lambda: ["probes", "probe", "facts", "gpus", "host", "null"], 512
)
