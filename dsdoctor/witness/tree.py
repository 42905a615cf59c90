"""The processes of a run on this host: which there are, which ranks they are, what they use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dsdoctor.smoke.processes import marked
from dsdoctor.smoke.records import RankRecord
from dsdoctor.witness.settings import MARK

PROC = Path("/proc")
_RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")
MOST_ENVIRONMENT = 1 << 20


def processes_of(mark: str) -> dict[int, str]:
    """The living processes with the names of their programs."""
    return marked(mark, MARK)


def ranks_of(processes: Mapping[int, str], proc: Path = PROC) -> list[RankRecord]:
    """The process of each rank: of those that carry its number the first, as the others are its
    data loaders. Without any number, the Python processes count as ranks in their order.
    """
    numbers = {pid: rank for pid in processes if (rank := _rank(pid, proc)) is not None}
    first: dict[int, int] = {}
    for pid, rank in sorted(numbers.items()):
        if numbers.get(_parent(pid, proc)) != rank:
            first.setdefault(rank, pid)
    if not first:
        pythons = sorted(pid for pid, name in processes.items() if name.startswith("python"))
        first = dict(enumerate(pythons))
    return [RankRecord(rank, pid=pid) for rank, pid in sorted(first.items())]


def cpu_seconds(processes: Mapping[int, str], proc: Path = PROC) -> float:
    """CPU time that the living ones have used, in user and kernel mode."""
    ticks = sum(_ticks(pid, proc) for pid in processes)
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int, proc: Path = PROC) -> dict[str, str]:
    """The lines on memory in the kernel's status of a process."""
    try:
        text = (proc / str(pid) / "status").read_text("utf-8", "replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    wanted = ("VmPeak", "VmHWM", "VmRSS", "RssShmem", "VmLck", "VmSwap", "State")
    return {name: value.strip() for name, _, value in pairs if name in wanted}


def _ticks(pid: int, proc: Path) -> int:
    fields = _stat(pid, proc)
    return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0


def _parent(pid: int, proc: Path) -> int:
    fields = _stat(pid, proc)
    return int(fields[1]) if len(fields) > 1 else 0


def _stat(pid: int, proc: Path) -> list[str]:
    """The fields behind the name, which may hold blanks and brackets."""
    try:
        text = (proc / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _rank(pid: int, proc: Path) -> int | None:
    try:
        with (proc / str(pid) / "environ").open("rb") as stream:
            items = stream.read(MOST_ENVIRONMENT).split(b"\0")
    except OSError:
        return None
    found = dict(item.split(b"=", 1) for item in items if b"=" in item)
    for name in _RANKS:
        value = found.get(name.encode(), b"")
        if value.isdigit() and len(value) < 7:
            return int(value)
    return None
