"""What the smoke job will do: the configuration as trained, its sizes, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from dsdoctor.smoke.machine import Device
from dsdoctor.smoke.model_size import ModelSize

Kind = Literal["plain", "trainer", "accelerate"]
SCHEMA = "dsdoctor.smoke-plan/1"
SEED = 1234


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the worker is told, and everything that the report says of it.

    ``arguments`` are TrainingArguments of a Trainer job. ``changes`` say what differs from the
    user's configuration, ``notes`` what the reader should know beside. ``scratch`` are folders
    outside the run folder that DeepSpeed will write to, to be removed at the end.
    """

    config: Mapping[str, Any]
    model: ModelSize
    steps: int
    micro_batch: int
    world_size: int
    device: Device
    kind: Kind = "plain"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    activation_checkpointing: bool = False
    save_at: int | None = None
    gather: bool = False
    gpu_memory_fraction: float | None = None
    client_optimizer: Literal["none", "torch_adamw", "cpu_adam"] = "none"
    seed: int = SEED
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()

    def document(self, folder: Path) -> dict[str, Any]:
        """plan.json, which the worker reads."""
        return {
            "schema": SCHEMA,
            "config": dict(self.config),
            "folder": str(folder),
            "steps": self.steps,
            "seed": self.seed,
            "model": asdict(self.model),
            "micro_batch": self.micro_batch,
            "device": self.device,
            "kind": self.kind,
            "arguments": dict(self.arguments),
            "activation_checkpointing": self.activation_checkpointing,
            "checkpoint": {"save_at": self.save_at, "resume": self.save_at is not None},
            "gather": self.gather,
            "gpu_memory_fraction": self.gpu_memory_fraction,
            "client_optimizer": self.client_optimizer,
            "scratch": list(self.scratch),
        }
