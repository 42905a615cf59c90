"""The figures of smoke runs in words."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, nan
from statistics import fmean, median

from dsdoctor.model import SmokeRun, ranks_named

GIB = 1 << 30


def told(run: SmokeRun) -> str:
    """``10 steps on 2 GPUs, loss 6.91 → 4.02, ranks agree, 1.8 GiB per GPU, 41 ms a step``."""
    return ", ".join(_parts(run))


def step_time(run: SmokeRun) -> str:
    """The median step of the slowest rank; the first step, which warms up, does not count."""
    times = [median(rank.seconds[1:] or rank.seconds) for rank in run.ranks if rank.seconds]
    if not times:
        return ""
    slowest = max(times)
    return f"{slowest * 1000:.0f} ms" if slowest < 1 else f"{slowest:.1f} s"


def peak_memory(run: SmokeRun) -> str:
    """The most that a GPU reserved; on a CPU the most that a rank held."""
    gpu = _most(run, "gpu_reserved")
    if gpu:
        return f"{size(gpu)} per GPU"
    host = _most(run, "host_rss")
    return f"{size(host)} per rank" if host else ""


def hosts(run: SmokeRun) -> Iterator[tuple[str, str]]:
    """Each host and how its ranks fared, if there are several hosts."""
    names = dict.fromkeys(rank.host for rank in run.ranks)
    if len(names) < 2:
        return
    for name in names:
        ranks = [rank for rank in run.ranks if rank.host == name]
        least = min(ranks, key=lambda rank: rank.steps)
        who = f"rank {ranks_named([rank.rank for rank in ranks])}"
        yield name or "?", f"{who}: {least.steps} steps, last in {least.phase or 'start'}"


def _parts(run: SmokeRun) -> Iterator[str]:
    steps = min((rank.steps for rank in run.ranks), default=0)
    unit = "GPU" if run.device == "cuda" else "CPU rank"
    count = len(run.ranks)
    yield f"{steps} steps on {count} {unit}{'s' * (count != 1)}"
    first, last = _loss(run, 0), _loss(run, steps - 1)
    if steps and isfinite(first) and isfinite(last):
        yield f"loss {first:.2f} → {last:.2f}"
    if any(check.name.startswith("same parameters") and check.ok for check in run.checks):
        yield "ranks agree"
    if memory := peak_memory(run):
        yield memory
    if time := step_time(run):
        yield f"{time} a step"


def _loss(run: SmokeRun, step: int) -> float:
    """The mean over the ranks."""
    values = [rank.losses[step] for rank in run.ranks if len(rank.losses) > step >= 0]
    return fmean(values) if values and all(map(isfinite, values)) else nan


def _most(run: SmokeRun, name: str) -> int:
    return max((rank.memory.get(name) or 0 for rank in run.ranks), default=0)


def size(count: int) -> str:
    """``1.8 GiB`` or ``312 MiB``."""
    return f"{count / GIB:.1f} GiB" if count >= GIB / 10 else f"{count / (1 << 20):.0f} MiB"
