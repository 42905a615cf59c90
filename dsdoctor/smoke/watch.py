"""Notices that a run has come to a stand, and what it is busy with instead of training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.model import ranks_named
from dsdoctor.smoke.records import RankRecord, read_records

_COMPILERS = ("cc1plus", "cicc", "ptxas", "nvcc", "cudafe++", "hipcc", "clang")
TIMES_SLOWEST = 20
"""A step may take so many times the slowest one seen before the run counts as hung."""

MOST_BUILDING = 900.0
"""Seconds of compiling that do not count against the limit of the run."""

_USUAL, _LONGER = "30 to 60 s", {"async_io": "some minutes"}
"""What ops took to compile on two cores (DeepSpeed 0.19.8); async_io has ten sources."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for all of the run but compiling; without a line of any rank before training;
    without one between two steps.
    """

    seconds: float
    silence: float = 180.0
    step: float = 60.0


class Watch:
    """Sees what the ranks write and what is compiled.

    Args:
        folder: where the rank files are.
        limits: when it has been too long.
        tell: told once of each op that is compiled.
    """

    def __init__(self, folder: Path, limits: Limits, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._limits = limits
        self._tell = tell
        self._sizes: dict[str, int] = {}
        self._told: set[str] = set()
        self._built = 0.0
        self._deadline = time.monotonic() + limits.seconds
        self._heard = self._seen = time.monotonic()

    def complaint(self, processes: Mapping[int, str]) -> str:
        """Why the run counts as hung; empty while it does not."""
        now, before = time.monotonic(), self._seen
        self._seen = now
        sizes = {path.name: _size(path) for path in self._folder.glob("rank-*.jsonl")}
        building = set(_building(processes))
        if sizes != self._sizes or building:
            self._sizes, self._heard = sizes, now
        if building:
            spent = min(now - before, MOST_BUILDING - self._built)
            self._deadline, self._built = self._deadline + spent, self._built + spent
        for op in building - self._told:
            self._told.add(op)
            self._tell(f"compiling {op}: {_LONGER.get(op, _USUAL)}, the first time only")
        if now >= self._deadline:
            return f"not done after {self._limits.seconds:.0f} s; {self._where()}"
        if now - self._heard >= min(self._limits.step, self._limits.silence):
            return self._too_long(now - self._heard)
        return ""

    def _too_long(self, silent: float) -> str:
        """Longer than this moment of the run allows?"""
        records = read_records(self._folder)
        slowest = max((item for one in records for item in one.seconds), default=0.0)
        training = bool(records) and all(one.phase == "train" and one.steps for one in records)
        step = max(self._limits.step, TIMES_SLOWEST * slowest)
        if silent < (step if training else self._limits.silence):
            return ""
        return f"no rank got on for {silent:.0f} s; {self._where()}"

    def _where(self) -> str:
        return whereabouts(read_records(self._folder))


def whereabouts(records: list[RankRecord]) -> str:
    """``rank 1 in init, rank 0, 2-3 in train after step 4``; those behind come first."""
    if not records:
        return "no rank has started"
    places: dict[tuple[int, int, str], list[int]] = {}
    for record in records:
        if record.ended:
            key = (2, 0, "at its end")
        else:
            last = record.steps[-1] if record.steps else 0
            after = f" after step {last}" if record.phase == "train" else ""
            key = (len(record.phases), last, f"in {record.phase or 'start'}{after}")
        places.setdefault(key, []).append(record.rank)
    behind = sorted(places.items(), key=lambda item: (item[0][2] == "at its end", item[0]))
    return ", ".join(f"rank {ranks_named(ranks)} {key[2]}" for key, ranks in behind)


def _building(processes: Mapping[int, str]) -> Iterator[str]:
    """The ops in whose folders a compiler runs."""
    for pid, name in processes.items():
        if name.startswith(_COMPILERS):
            with suppress(OSError):
                yield Path(f"/proc/{pid}/cwd").readlink().name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
