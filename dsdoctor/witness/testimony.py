"""What can be learned from a job that stands still, while it stands still."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.probes.clients.host import Host
from dsdoctor.smoke.recorder import ask_recorders
from dsdoctor.smoke.records import RankRecord
from dsdoctor.smoke.stacks import MISSING, collect, py_spy
from dsdoctor.witness.kernel_messages import kernel_messages
from dsdoctor.witness.tree import memory_of, ranks_of


@dataclass(frozen=True, slots=True)
class Scene:
    """The run: its folder, the machine, the machine's uptime at the start, the job's Python."""

    folder: Path
    host: Host
    began: float
    python: str


def testimony(scene: Scene, processes: Mapping[int, str], number: int) -> str:
    """Collect stacks, flight recorders, memory and kernel messages; in a few words what there is.

    Args:
        scene: the run.
        processes: those that live.
        number: counts the stalls of a run.
    """
    ranks = ranks_of(processes)
    _write_memory(scene, ranks, number)
    kernel_messages(scene.host, scene.began, scene.folder)
    trouble = _stacks(scene, ranks, processes)
    dumps = len(ask_recorders(scene.folder))
    stacks = len(list(scene.folder.glob("py-spy-rank*.txt")))
    got = [f"stacks of {stacks} process{'es' if stacks != 1 else ''}"] if stacks else []
    got += [f"{dumps} flight recorder{'s' if dumps != 1 else ''}"] if dumps else []
    return "; ".join(filter(None, [" and ".join(got), trouble]))


def _stacks(scene: Scene, ranks: Sequence[RankRecord], processes: Mapping[int, str]) -> str:
    program = py_spy(scene.python, os.environ)
    if program is None:
        return MISSING
    if not ranks:
        return "no stacks: no Python process of the job runs on this host"
    return collect(program, ranks, list(processes), scene.folder)


def _write_memory(scene: Scene, ranks: Sequence[RankRecord], number: int) -> None:
    facts = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "host": (scene.host.read("/proc/meminfo") or "").splitlines(),
        "pressure": (scene.host.read("/proc/pressure/memory") or "").splitlines(),
        "ranks": [
            {"rank": one.rank, "pid": one.pid, "memory": memory_of(one.pid or 0)} for one in ranks
        ],
    }
    path = scene.folder / f"stall-{number}.json"
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
