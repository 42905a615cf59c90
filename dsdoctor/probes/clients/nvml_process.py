"""Which processes have a context on a GPU: their names and owners."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

from dsdoctor.probes.clients.nvml import Nvml

MAX_PROCESSES = 256
MAX_NAME = 60
_DRAWING = "nvmlDeviceGetGraphicsRunningProcesses"
KINDS = (
    "nvmlDeviceGetComputeRunningProcesses",
    _DRAWING,
    "nvmlDeviceGetMPSComputeRunningProcesses",
)


def read_processes(nvml: Nvml, handle: Any) -> list[dict[str, Any]] | str:
    """What the class ``GpuProcess`` holds, the greediest first; a mark where none of them is told.

    One that both computes and draws is in two lists.
    """
    told = {kind: nvml.ask(kind, handle) for kind in KINDS}
    if all(isinstance(processes, str) for processes in told.values()):
        return str(told[KINDS[0]])
    memory: dict[int, int] = {}
    computing: set[int] = set()
    for kind, processes in told.items():
        for process in () if isinstance(processes, str) else processes:
            memory[process.pid] = max(memory.get(process.pid, 0), process.usedGpuMemory or 0)
            computing.update([process.pid] if kind != _DRAWING else [])
    greedy = sorted(memory, key=lambda pid: -memory[pid])[:MAX_PROCESSES]
    return [_process(nvml, pid, memory[pid], pid in computing) for pid in greedy]


def _process(nvml: Nvml, pid: int, memory: int, computes: bool) -> dict[str, Any]:
    return {
        "pid": pid,
        "name": _name(nvml, pid),
        "user": _user(pid),
        "memory": memory or "unsupported",
        "computes": computes,
    }


def _name(nvml: Nvml, pid: int) -> str:
    """The program without its folder and arguments, which may hold secrets."""
    words = nvml.text("nvmlSystemGetProcessName", pid).split()
    name = words[0].rpartition("/")[2] if words else ""
    if not name or name.startswith("["):  # NVML's "[Not Found]"
        try:
            name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
    return name[:MAX_NAME]


def _user(pid: int) -> str:
    try:
        owner = Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return ""
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
