"""py-spy's stacks, and what they say of a hang."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.diagnosis.stacks import stack_findings
from dsdoctor.logs.pyspy import looks_like_pyspy, parse_pyspy
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import ROOT, files, pack, plain_seeds
from tests.fuzz.readers.log_lines import bent
from tests.fuzz.target import Target

LINES = (
    b'Process 4312: python train.py --local_rank=1', b"Python v3.11.7 (/usr/bin/python3.11)", b"",
    b'Thread 4312 (idle): "MainThread"', b'Thread 0x7F12 (active+gil): "Thread-1 (run)"',
    b"    backward (torch/_tensor.py:521)",
    b"    all_reduce (torch/distributed/distributed_c10d.py:2501)", b"    main (train.py:84)",
    b"    <module> (train.py:120)", b"    wait (threading.py:331)",
    b"    _worker_loop (torch/utils/data/_utils/worker.py:275)",
    b"    load (op_builder/builder.py:512)", b"    synchronize (torch/cuda/__init__.py:954)",
    b"    0x7f12 (libtorch.so)", b"    step (deepspeed/runtime/engine.py:2200)",
    b"    save_checkpoint (deepspeed/runtime/engine.py:3100)",
)  # fmt: skip
NAMES = ("py-spy.txt", "rank_3.txt", "4312.txt", "logs/node-2/py-spy-7.txt")


def run(data: bytes) -> None:
    """Read the dumps; what is found in them is plain."""
    name = NAMES[data[0] // 64 if data else 0]
    text = data[1:] if data[:1] and data[0] % 2 == 0 else _written(Choices(data[1:]))
    looks_like_pyspy(text[:1024])
    stacks = parse_pyspy(text, name)
    for finding in stack_findings(
        [*stacks, *parse_pyspy(text[::-1], "rank_1.txt")], RankMap(), pack()
    ):
        assert_plain(finding.message)


def _written(choices: Choices) -> bytes:
    lines = []
    while choices and len(lines) < 24:
        lines.append(bent(choices.pick(LINES), choices))
    return b"\n".join(lines)


def seeds() -> Iterator[bytes]:
    """Captured dumps."""
    yield from plain_seeds(files("**/*.txt", below=ROOT / "tests/unit/data/stacks"), 383)


TARGET = Target(
    "py-spy", run, seeds, lambda: ["Process ", "Thread 0x", "MainThread", "    f (a:1)"], 384
)
