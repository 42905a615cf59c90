"""How many ranks the smoke job gets, and on what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dsdoctor.errors import UsageError
from dsdoctor.job.hostfile import read_hosts
from dsdoctor.smoke.request import SmokeRequest

Device = Literal["cuda", "cpu"]

CPU_RANKS = 2
"""Two are enough for every collective to be a real one."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine. ``gpus`` are those that a process here would see, ``gpu_memory`` is the
    memory of the smallest of them in bytes, ``bf16`` says whether all of them calculate in it,
    or the CPU does.
    """

    gpus: int = 0
    gpu_memory: int | None = None
    cpus: int = 1
    bf16: bool = True

    @property
    def device(self) -> Device:
        """What the ranks calculate on."""
        return "cuda" if self.gpus else "cpu"

    @property
    def fp16(self) -> bool:
        """Does DeepSpeed train in it? On a CPU it asks oneDNN, which says no of all but a few."""
        return self.device == "cuda"


def this_machine(
    gpus: int,
    gpu_memory: int | None,
    *,
    bf16: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> Machine:
    """The machine, given its GPUs: none of them count if ``DS_ACCELERATOR=cpu`` says so."""
    if environment.get("DS_ACCELERATOR") == "cpu":
        gpus, gpu_memory = 0, None
    return Machine(gpus, gpu_memory, os.cpu_count() or 1, bf16)


def world_size(request: SmokeRequest, machine: Machine) -> int:
    """Ranks in all.

    Raises:
        UsageError: no ranks at all, or more of them than GPUs.
    """
    if request.gpus is not None and request.gpus < 1:
        raise UsageError(f"no job runs on {request.gpus} GPUs", hint="--gpus 1 is the least")
    if request.hostfile is not None:
        return _on_hosts(request)
    if request.launcher == "srun":
        return len(request.hosts) * _on_each(request, machine)
    if machine.device == "cpu":
        return request.gpus or CPU_RANKS
    if request.gpus and request.gpus > machine.gpus:
        raise UsageError(
            f"{request.gpus} GPUs are asked for, this machine shows {machine.gpus}",
            hint=f"--gpus {machine.gpus}, or DS_ACCELERATOR=cpu to try it without GPUs",
        )
    return request.gpus or machine.gpus


def _on_each(request: SmokeRequest, machine: Machine) -> int:
    """Ranks on each host of the allocation, which are taken to be like this one."""
    if request.gpus or machine.device == "cuda":
        return request.gpus or machine.gpus
    return 1 if len(request.hosts) > 1 else CPU_RANKS


def _on_hosts(request: SmokeRequest) -> int:
    """All slots of the host file, or ``--gpus`` on each of its hosts."""
    assert request.hostfile is not None  # noqa: S101 - the caller looked
    hosts = read_hosts(request.hostfile)
    slots = [len(host.slots) for host in hosts.hosts]
    if not any(slots):
        raise UsageError("the host file names no slots", location=str(request.hostfile))
    if request.gpus and request.gpus > min(slots):
        raise UsageError(
            f"{request.gpus} GPUs are asked for, a host has {min(slots)} slots",
            location=str(request.hostfile),
        )
    return request.gpus * len(slots) if request.gpus else sum(slots)
