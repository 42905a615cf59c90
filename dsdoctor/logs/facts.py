"""Lines that are no problem but tell about the job: who was started, what version, how it ended.

The texts are those of DeepSpeed's launcher/launch.py and utils/logging.py (0.9 to 0.19), of the
HF Trainer and of NCCL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dsdoctor.logs import nccl
from dsdoctor.model import Line, Origin


@dataclass(frozen=True, slots=True)
class Fact:
    """One such line: what kind of fact, its fields, where."""

    kind: str
    source: str
    line: int
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)


PATTERNS: tuple[tuple[str, str, str], ...] = (
    (
        "spawned",
        " spawned with command",
        r"process (?P<pid>\d+) spawned with command: .*--local[_-]rank=(?P<local_rank>\d+)",
    ),
    ("spawned", " spawned with command", r"process (?P<pid>\d+) spawned with command(?!.*--local)"),
    ("exited", " exits successfully", r"Process (?P<pid>\d+) exits successfully"),
    ("stopping", "Killing subprocess ", r"^Killing subprocess (?P<pid>\d+)"),
    ("returned", " exits with return code", r"exits with return code = (?P<code>-?\d+)"),
    ("signalled", "Main process received", r"Main process received (?P<signal>SIG\w+), exiting"),
    ("world", "dist_world_size=", r"dist_world_size=(?P<world_size>\d+)"),
    ("nodes", "nnodes=", r"nnodes=(?P<nodes>\d+), num_local_procs=(?P<local>\d+)"),
    ("deepspeed", "DeepSpeed info: version=", r"DeepSpeed info: version=(?P<version>[\w.+-]+)"),
    ("nccl", "NCCL version ", r"NCCL version (?P<version>\d+\.\d+\.\d+)"),
    ("finished", "train_runtime", r"'?\"?train_runtime\b"),
    ("world", "world_size", r"\bworld_size\s?[=:.]+\s?(?P<world_size>\d{1,5})\b(?!\s*[!*])"),
    *nccl.PATTERNS,
)

EACH_TIME = ("spawned", "exited", "stopping", "returned", "signalled")
"""Facts of which every one is kept: a container that starts again gives out the same pids."""

ANCHORS: tuple[str, ...] = tuple(anchor for _, anchor, _ in PATTERNS)
_COMPILED = tuple(re.compile(regex) for _, _, regex in PATTERNS)


def fact_of(index: int, source: str, line: Line) -> Fact | None:
    """Read ``line`` by pattern ``index``, or None if it does not fit."""
    match = _COMPILED[index].search(line.text)
    if match is None:
        return None
    fields = {name: value for name, value in match.groupdict().items() if value}
    return Fact(PATTERNS[index][0], source, line.number, line.text, fields, line.origin)


def identity_of(fact: Fact) -> tuple[object, ...]:
    """What makes a fact another one than those before."""
    if fact.kind in EACH_TIME:
        return fact.kind, fact.line
    return (fact.kind, *nccl.place_of(fact.kind, fact.origin), *fact.fields.values())
