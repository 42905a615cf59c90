"""Does a job that prints nothing still work? By its GPUs, or where it has none by its CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dsdoctor.probes.child import ask_child
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.witness.tree import PROC, cpu_seconds

CHILD = "dsdoctor.probes.clients.nvml_use_child"
TIMEOUT = 40.0
FULL = 100
SHARE = 0.02
"""Of one core: what waiting processes use for looking around stays below."""

Use = Mapping[str, Any]


class Activity:
    """Looks at one job again and again.

    Args:
        ask: tells how busy the GPUs are; for tests.
        proc: where the kernel shows processes; for tests.
    """

    def __init__(self, ask: Callable[[], Sequence[Use]] | None = None, proc: Path = PROC) -> None:
        self._ask = ask or _ask_driver
        self._proc = proc
        self._before: tuple[float, float] | None = None
        self.kind = "CPU"

    def busy(self, processes: Mapping[int, str]) -> bool:
        """Does the job do anything? The first look at CPU time has nothing to compare with."""
        gpus = _of_job(self._ask(), processes, self._proc)
        cpu = self._cpu(processes)
        self.kind = "GPU" if gpus else "CPU"
        return any(map(works, gpus)) if gpus else cpu

    def _cpu(self, processes: Mapping[int, str]) -> bool:
        now, used = time.monotonic(), cpu_seconds(processes, self._proc)
        before, self._before = self._before, (now, used)
        if before is None:
            return False
        # a process that ended takes its time with it, which is a sign of life too
        return abs(used - before[1]) > SHARE * (now - before[0])


def works(gpu: Use) -> bool:
    """A GPU that waits in a collective has all cores busy all the time, and its memory idle."""
    return int(gpu["memory"]) > 0 or 0 < int(gpu["cores"]) < FULL


def _of_job(gpus: Sequence[Use], processes: Mapping[int, str], proc: Path) -> list[Use]:
    """The GPUs that the job has open. In a container the driver's process numbers may be those
    of the host: then all GPUs count.
    """
    known = [gpu for gpu in gpus if "cores" in gpu and "memory" in gpu]
    own = [gpu for gpu in known if any(pid in processes for pid in gpu["pids"])]
    if own:
        return own
    foreign = [pid for gpu in known for pid in gpu["pids"] if not (proc / str(pid)).exists()]
    return known if foreign else []


def _ask_driver() -> Sequence[Use]:
    try:
        answer = ask_child(CHILD, {}, TIMEOUT)
    except Unavailable:
        return []
    return answer if isinstance(answer, list) else []
