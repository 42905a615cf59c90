"""Modes of the GPUs that an administrator sets: who may use them, whether they are divided."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.gpu_choice import chosen, wanted
from dsdoctor.probes.gpu_common import BUDGET, folded, graded, known
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

MIG, RESTRICTED, NOT_PERSISTENT = "DSH055", "DSH056", "DSH139"
_EXCLUSIVE = {1: "Exclusive_Thread", 3: "Exclusive_Process"}
_PROHIBITED = 2
_MPS = ("nvidia-cuda-mps-server", "")
"""CUDA's server for many processes, and a process of another container, which may be it."""


def look(site: Site) -> Reading:
    """Compute mode, MIG, persistence."""
    gpus = chosen(site)
    complaints = (*_mig(gpus, wanted(site)), *_restricted(gpus), *_persistence(gpus))
    facts = {
        "compute_mode": sorted({_mode(gpu) for gpu in gpus}),
        "mig": sum(gpu.mig is True for gpu in gpus),
        "persistence": all(gpu.persistence is not False for gpu in gpus),
    }
    modes = ", ".join(sorted({_mode(gpu) for gpu in gpus}))
    return Reading(f"compute mode {modes}", complaints, facts)


def _mode(gpu: Gpu) -> str:
    mode = known(gpu.compute_mode)
    if mode is None:
        return "unknown"
    return _EXCLUSIVE.get(mode) or ("Prohibited" if mode == _PROHIBITED else "Default")


def _mig(gpus: Sequence[Gpu], ranks: int | None) -> tuple[Complaint, ...]:
    """Without an instance no program can use the GPU at all; one rank may use one."""
    divided = [gpu for gpu in gpus if gpu.mig is True]
    told = [(gpu, f"{len(gpu.mig_uuids) or 'no'} instances") for gpu in divided]
    if any(not gpu.mig_uuids for gpu in divided):
        return graded(folded(MIG, told), Severity.ERROR)
    single = ranks == 1 or (len(gpus) == 1 and len(gpus[0].mig_uuids) == 1)
    return graded(folded(MIG, told), Severity.INFO if single else None)


def _restricted(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """Prohibited, or exclusive and taken: the job fails. Exclusive and free: one rank may."""
    closed = [(gpu, "Prohibited") for gpu in gpus if gpu.compute_mode == _PROHIBITED]
    exclusive = [(gpu, _mode(gpu)) for gpu in gpus if known(gpu.compute_mode) in _EXCLUSIVE]
    taken = [
        (gpu, f"{mode}, and pid {pid} has it") for gpu, mode in exclusive if (pid := _pid(gpu))
    ]
    if closed or taken:
        return graded(folded(RESTRICTED, [*closed, *taken]), Severity.FATAL)
    return graded(folded(RESTRICTED, exclusive), Severity.INFO)


def _pid(gpu: Gpu) -> int:
    """A process that computes on the GPU, 0 if none is known or all may through MPS."""
    computing = [process for process in known(gpu.processes) or () if process.computes]
    if not computing or any(process.name in _MPS for process in computing):
        return 0
    return computing[0].pid


def _persistence(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    told = [(gpu, "off") for gpu in gpus if gpu.persistence is False]
    return folded(NOT_PERSISTENT, told)


PROBES: tuple[Probe, ...] = (Probe("gpu-modes", "GPU modes", look, budget=BUDGET),)
