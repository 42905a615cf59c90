"""Memory of the job's GPUs that somebody else holds."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu, GpuMemory, GpuProcess, Mark
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, GIB, folded, gib, graded, known
from dsdoctor.probes.probe import Probe, Reading
from dsdoctor.probes.site import Site

HELD, WITHOUT_PROCESS = "DSH004", "DSH053"
CRUMBS = 500 << 20
"""Bytes that are not worth a word: about what one CUDA context takes."""
SHARE = 0.01
MUCH = 0.5
"""From this part of the memory on the job very likely runs out of it."""
MAX_SHOWN = 3
_ROLES = {
    "nvidia-cuda-mps-server": "MPS server",
    "Xorg": "display server",
    "Xwayland": "display server",
    "gnome-shell": "display server",
    "kwin_wayland": "display server",
}


def look(site: Site) -> Reading:
    """Who holds how much."""
    gpus = chosen(site)
    held = [gpu for gpu in gpus if _held(gpu) > _threshold(gpu)]
    told = [(gpu, _holders(gpu)) for gpu in held if _processes(gpu)]
    bare = [(gpu, gib(_held(gpu))) for gpu in held if not _processes(gpu)]
    complaints = (
        *graded(folded(HELD, told, pid=_first_pid(held)), _severity(told)),
        *graded(folded(WITHOUT_PROCESS, bare), _severity(bare)),
    )
    facts = {"held_gib": {str(gpu.index): round(_held(gpu) / GIB) for gpu in held}}
    summary = f"in use on {len(held)} of {len(gpus)}" if held else f"{len(gpus)} free"
    return Reading(summary, complaints, facts)


def _severity(told: Sequence[tuple[Gpu, str]]) -> Severity:
    """An error where half a GPU is gone, else a warning."""
    much = any(_held(gpu) >= MUCH * _total(gpu) > 0 for gpu, _ in told)
    return Severity.ERROR if much else Severity.WARNING


def _held(gpu: Gpu) -> int:
    """Bytes in use; where the driver does not tell the sum, those of the processes."""
    if isinstance(gpu.memory, GpuMemory):
        return gpu.memory.used
    return sum(known(process.memory) or 0 for process in _processes(gpu))


def _total(gpu: Gpu) -> int:
    return gpu.memory.total if isinstance(gpu.memory, GpuMemory) else 0


def _threshold(gpu: Gpu) -> float:
    return max(CRUMBS, SHARE * _total(gpu))


def _processes(gpu: Gpu) -> tuple[GpuProcess, ...]:
    return () if isinstance(gpu.processes, Mark) else gpu.processes


def _holders(gpu: Gpu) -> str:
    """``40.1 GiB: python3 (pid 4711, user ann, 39.8 GiB), ...``."""
    processes = _processes(gpu)
    names = [_shown(process) for process in processes[:MAX_SHOWN]]
    more = f" and {len(processes) - MAX_SHOWN} more" if len(processes) > MAX_SHOWN else ""
    return f"{gib(_held(gpu))}: " + ", ".join(names) + more


def _shown(process: GpuProcess) -> str:
    parts = [_ROLES[process.name]] if process.name in _ROLES else []
    parts.append(f"pid {process.pid}")
    if process.user:
        parts.append(f"user {process.user}")
    if (memory := known(process.memory)) is not None:
        parts.append(gib(memory))
    return f"{process.name or 'a process out of sight'} ({', '.join(parts)})"


def _first_pid(gpus: Sequence[Gpu]) -> str:
    """Of a process that ``ps`` can tell of, if there is one."""
    every = [process for gpu in gpus for process in _processes(gpu)]
    shown = [process for process in every if process.name] or every
    return str(shown[0].pid) if shown else ""


PROBES: tuple[Probe, ...] = (Probe("gpu-memory", "GPU memory free", look, budget=BUDGET),)
