"""What the user asks of ``dsdoctor smoke``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.tree import Document

Launcher = Literal["deepspeed", "torchrun", "accelerate", "srun"]
LAUNCHERS: tuple[Launcher, ...] = ("deepspeed", "torchrun", "accelerate", "srun")

STEPS = 10
TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class SmokeRequest:
    """One run as asked for; None leaves the choice to the plan.

    ``config`` is the user's configuration as it stands in its file, ``spec`` the same with all
    that is known of the job around it; both None asks for a sound default. ``gpus`` counts ranks
    on each host, on a CPU too. ``gpu_memory`` in bytes squeezes each GPU. With ``model_directory``
    or ``gpu_memory`` nothing is scaled down but what is named here. ``checkpoint`` saves in the
    middle and loads again; ``gather`` collects the 16-bit model at the end, None wherever the
    configuration provides for it. ``activation_checkpointing`` None: as the configuration says.
    ``hosts`` are those of the Slurm allocation, for srun.
    """

    config: Document | None = None
    spec: JobSpec | None = None
    gpus: int | None = None
    stage: int | None = None
    steps: int = STEPS
    launcher: Launcher = "deepspeed"
    trainer: bool = False
    layers: int | None = None
    hidden: int | None = None
    sequence: int | None = None
    micro_batch: int | None = None
    model_directory: Path | None = None
    gpu_memory: int | None = None
    checkpoint: bool = False
    gather: bool | None = None
    activation_checkpointing: bool | None = None
    hostfile: Path | None = None
    hosts: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    python: str = sys.executable
    keep: Path | None = None

    @property
    def elsewhere(self) -> bool:
        """Are there ranks on other hosts, which only the launcher can end?"""
        return self.hostfile is not None or self.launcher == "srun"

    @property
    def true_size(self) -> bool:
        """Is it about memory, so that sizes must stay as they are?"""
        return self.model_directory is not None or self.gpu_memory is not None
