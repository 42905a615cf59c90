"""Reads what the ranks wrote down about themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

MAX_BYTES = 16 << 20
MAX_RANKS = 4096
MAX_TEXT = 200
_FILE = re.compile(r"rank-(\d{1,5})\.jsonl\Z")
MEMORY = ("gpu_allocated", "gpu_reserved", "gpu_total", "host_rss", "host_pinned")


@dataclass(slots=True)
class RankRecord:
    """One rank. ``losses`` and ``seconds`` are by optimizer step, in order.

    ``phase`` is the last one entered: it tells where a run hangs. ``skipped`` are the steps that
    the loss scaler left out. ``time`` is the last line's.
    """

    rank: int
    host: str = ""
    pid: int | None = None
    world_size: int | None = None
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    phase: str = ""
    phases: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    memory: Mapping[str, int | None] = field(default_factory=dict)
    digest: str = ""
    resumed: tuple[int, float] | None = None
    gathered: int | None = None
    started: float | None = None
    time: float | None = None
    ended: bool = False


def read_records(folder: Path) -> list[RankRecord]:
    """The ranks that wrote something, by number. Damaged lines are passed over."""
    found = []
    for path in sorted(folder.glob("rank-*.jsonl"))[:MAX_RANKS]:
        match = _FILE.match(path.name)
        if match and path.is_file():
            found.append(_record(int(match[1]), path))
    return sorted(found, key=lambda item: item.rank)


def _record(rank: int, path: Path) -> RankRecord:
    record = RankRecord(rank)
    for item in _lines(path):
        if isinstance(item.get("time"), int | float):
            record.time = float(item["time"])
        if take := _TAKE.get(str(item.get("event"))):
            take(record, item)
    return record


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Whole lines only: the last may still be in the writing."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES)
    except OSError:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(item, dict):
            yield item


def _start(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.host = _text(item.get("host"))
    record.device = _text(item.get("device"))
    record.pid = _count(item.get("pid"))
    record.world_size = _count(item.get("world_size"))
    record.started = record.time
    versions = item.get("versions")
    if isinstance(versions, dict):
        pairs = list(versions.items())[:50]
        record.versions = {_text(name): _text(value) for name, value in pairs if value}


def _phase(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.phase = _text(item.get("name"))
    record.phases.append(record.phase)


def _step(record: RankRecord, item: Mapping[str, Any]) -> None:
    step = _count(item.get("step"))
    if step is None:
        return
    record.steps.append(step)
    record.losses.append(_number(item.get("loss")))
    record.seconds.append(_number(item.get("seconds")))
    if item.get("skipped") is True:
        record.skipped.append(step)


def _memory(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.memory = {name: _count(item.get(name)) for name in MEMORY}


def _digest(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.digest = _text(item.get("value"))


def _resumed(record: RankRecord, item: Mapping[str, Any]) -> None:
    step = _count(item.get("step"))
    if step is not None:
        record.resumed = (step, _number(item.get("loss")))


def _gathered(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.gathered = _count(item.get("keys"))


def _end(record: RankRecord, item: Mapping[str, Any]) -> None:
    record.ended = item.get("ok") is True


_TAKE = {
    "start": _start,
    "phase": _phase,
    "step": _step,
    "memory": _memory,
    "digest": _digest,
    "resumed": _resumed,
    "gathered": _gathered,
    "end": _end,
}


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def _number(value: object) -> float:
    """A loss that is no number is written as null or as NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return nan
    try:
        return float(value)
    except OverflowError:
        return nan
