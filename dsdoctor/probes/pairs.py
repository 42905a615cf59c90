"""A real all-reduce between every two GPUs; without GPUs between two processes over Gloo."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients import pair_child
from dsdoctor.probes.clients.gpus import Gpu, NoDriver
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.launch import proof
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

FAILED, WRONG = "DSN092", "DSN093"
SCRIPT = str(Path(pair_child.__file__))
EACH, ALL = 60.0, 240.0
"""Seconds of one pair, mostly for importing torch from a slow disk, and of all of them."""
GRACE = 10.0
MAX_NAMED = 6


@dataclass(frozen=True, slots=True)
class _Tried:
    """One pair and what came of it."""

    name: str
    bandwidth: float = 0.0
    kind: str = ""
    error: str = ""


def look(site: Site) -> Reading:
    """One pair after the other, neighbours first, as long as the time lasts."""
    gpus = _gpus(site)
    if not gpus:
        return _reading("gloo", [_try(site, "gloo", "", "", EACH)], 1)
    if len(gpus) < 2:
        raise Skip("only one GPU")
    until = time.monotonic() + ALL
    pairs = _ordered(gpus)
    tried: list[_Tried] = []
    for one, other in pairs:
        left = until - time.monotonic()
        if left < GRACE:
            break
        name, devices = f"{one.index}-{other.index}", f"{one.uuid},{other.uuid}"
        tried.append(_try(site, "nccl", name, devices, min(EACH, left)))
    return _reading("nccl", tried, len(pairs))


def _gpus(site: Site) -> Sequence[Gpu]:
    """The job's GPUs; empty on a machine that has none.

    Raises:
        Skip, Unavailable: the driver does not answer, or CUDA counts instances.
    """
    try:
        found = site.gpus.inventory()
    except NoDriver:
        return ()
    if not found.trouble and not found.gpus:
        return ()
    gpus = chosen(site)
    if any(gpu.mig is True for gpu in gpus):
        raise Skip("MIG is on: its instances do not talk to each other")
    return gpus


def _ordered(gpus: Sequence[Gpu]) -> list[tuple[Gpu, Gpu]]:
    """The pairs of a ring first: with them every GPU has been tried."""
    count = len(gpus)
    near = (1, count - 1)
    pairs = sorted(combinations(range(count), 2), key=lambda two: two[1] - two[0] not in near)
    return [(gpus[one], gpus[other]) for one, other in pairs]


def _try(site: Site, backend: str, name: str, devices: str, seconds: float) -> _Tried:
    """Ask the job's Python.

    Raises:
        Unavailable: it has no torch, or not for this backend.
    """
    argv = [site.packages.python, SCRIPT, backend, devices, f"{seconds:.0f}"]
    try:
        done = site.host.run(argv, seconds + GRACE)
    except Unavailable as reason:
        if "not installed" in str(reason):
            raise
        return _Tried(name, kind="timeout", error=str(reason))
    answer = _read(done.out, done.err)
    kind = str(answer.get("kind", "" if answer.get("ok") else "error"))
    if kind in ("no torch", "no backend"):
        raise Unavailable(str(answer.get("error", kind))[:200])
    if kind == "timeout":
        return _Tried(name, kind=kind, error=f"no answer in {seconds:.0f} s")
    bandwidth = answer.get("bandwidth")
    speed = float(bandwidth) if isinstance(bandwidth, (int, float)) else 0.0
    return _Tried(name, speed, kind, str(answer.get("error", ""))[:300])


def _read(out: str, err: str) -> dict[str, Any]:
    lines = out.strip().splitlines()
    try:
        answer = json.loads(lines[-1])
    except (ValueError, IndexError):
        said = err.strip().splitlines()
        return {"kind": "error", "error": said[-1] if said else "no answer"}
    return answer if isinstance(answer, dict) else {}


def _reading(backend: str, tried: Sequence[_Tried], pairs: int) -> Reading:
    good = [item for item in tried if not item.kind]
    facts: dict[str, Any] = {
        "backend": backend,
        "failed": [item.name for item in tried if item.kind],
        "tried": len(tried),
    }
    if backend == "nccl":
        facts["GB/s"] = {item.name: _round(item.bandwidth) for item in good}
    return Reading(_summary(backend, good, pairs), tuple(_complaints(backend, tried)), facts)


def _complaints(backend: str, tried: Sequence[_Tried]) -> Iterable[Complaint]:
    """Pairs with the same trouble make one complaint."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for item in tried:
        if item.kind:
            groups[WRONG if item.kind == "wrong" else FAILED, item.error].append(item.name)
    for (code, error), names in groups.items():
        where = _where(names, len(tried))
        detail = where if code == WRONG else f"{where}: {error}"
        # where GPUs do the work, Gloo is not what the job waits for
        severity = Severity.WARNING if backend == "gloo" else None
        values = {"backend": backend.upper() if backend == "nccl" else "Gloo", "detail": detail}
        yield Complaint(code, values, (proof(f"{where}: {error}", "all-reduce"),), severity)


def _where(names: Sequence[str], tried: int) -> str:
    if names == [""]:
        return "between two processes"
    if len(names) == tried > 1:
        return "between all GPUs"
    more = f" and {len(names) - MAX_NAMED} more pairs" if len(names) > MAX_NAMED else ""
    return f"between GPU {', '.join(names[:MAX_NAMED])}{more}"


def _summary(backend: str, good: Sequence[_Tried], pairs: int) -> str:
    """``28 of 28 pairs work, 310 to 390 GB/s``."""
    if backend == "gloo":
        return "two processes add up over Gloo" if good else "no all-reduce over Gloo"
    if not good:
        return f"0 of {pairs} pairs work"
    low, high = (f"{pick(item.bandwidth for item in good):.3g}" for pick in (min, max))
    speed = low if low == high else f"{low} to {high}"
    return f"{len(good)} of {pairs} pairs work, {speed} GB/s"


def _round(value: float) -> float:
    """One digit: the same hardware gives the same fact tomorrow, nearly always."""
    return float(f"{value:.1g}")


PROBES: tuple[Probe, ...] = (
    Probe("pairs", "all-reduce between GPUs", look, budget=ALL + EACH + GRACE, deep=True),
)
