"""A process beside the job that takes the inventory and then watches for stalls.

It looks at drivers and processes, which may take long, so that dsdoctor itself stays free to hand
on signals at once. It ends with dsdoctor.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.probes.clients.gpus import NvmlGpus
from dsdoctor.probes.clients.packages import RealPackages
from dsdoctor.witness.activity import Activity
from dsdoctor.witness.inventory import FACTS, write_facts
from dsdoctor.witness.signals import PASSED, held_back
from dsdoctor.witness.stall import Stall
from dsdoctor.witness.tally import Tally
from dsdoctor.witness.testimony import Scene, testimony
from dsdoctor.witness.tree import PROC, processes_of

PACE = 1.0
NICE = 10
MOST_STALLS = 20
PATIENCE = 3.0
"""Seconds that a failed job's report waits for the inventory of a job that died at once."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What to watch: a run by its mark, and after how many seconds it counts as stalled."""

    scene: Scene
    mark: str
    limit: float
    job: int
    tally: Tally


def fork_observer(orders: Orders) -> int:
    """Start it; its process, which leads a group of its own."""
    parent = os.getpid()
    with held_back():
        pid = os.fork()
        if not pid:
            _settle()
    if pid:
        return pid
    try:
        _observe(orders, lambda: os.getppid() == parent)
    except Exception:  # noqa: BLE001, S110 - a witness that fails must not disturb the job
        pass
    finally:
        os._exit(0)


def leave_observer(pid: int, folder: Path, *, failed: bool) -> None:
    """End it, and after a failure give it a moment for the inventory."""
    deadline = time.monotonic() + (PATIENCE if failed else 0)
    while not (folder / FACTS).exists() and time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _settle() -> None:
    """No part of the job: another session, nothing open but standard error, less urgent."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (*PASSED, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.closerange(3, 1024)
    with suppress(OSError):
        os.nice(NICE)


def _observe(orders: Orders, needed: Callable[[], bool]) -> None:
    scene = orders.scene
    with suppress(OSError):
        write_facts(scene.folder, scene.host, NvmlGpus(), RealPackages(scene.python))
    activity = Activity()
    stall = Stall(orders.limit, lambda: activity.busy(processes_of(orders.mark)))
    told = 0
    while needed() and told < MOST_STALLS:
        time.sleep(min(PACE, orders.limit / 10))
        if stall.begins(orders.tally.moved, paused=_stopped(orders.job)):
            told += 1
            _tell(orders, activity.kind, testimony(scene, processes_of(orders.mark), told))


def _tell(orders: Orders, kind: str, got: str) -> None:
    begin = "" if orders.tally.at_line_start else "\n"
    sys.stderr.write(
        f"{begin}dsdoctor: no output and no {kind} activity for {orders.limit:g} s; "
        f"{got}; see {orders.scene.folder}; the job goes on\n"
    )
    sys.stderr.flush()


def _stopped(job: int) -> bool:
    """Has somebody pressed Ctrl-Z?"""
    try:
        text = (PROC / str(job) / "stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[:1] == ["T"]
