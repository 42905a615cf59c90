"""The job as most write it: deepspeed.initialize and a loop."""

from __future__ import annotations

from typing import Any

import deepspeed
import torch
from deepspeed.accelerator import get_accelerator

from . import build
from .finish import finish
from .loop import passing, steps
from .recorder import Recorder

LEARNING_RATE = 1e-3


def train(plan: dict[str, Any], record: Recorder) -> None:
    """Set up, train, and do what the plan asks for afterwards."""
    connect(plan, record)
    record.phase("model")
    model = build.model(plan)
    record.phase("initialize")
    engine = initialize(plan, model)
    record.phase("train")
    steps(engine, plan, record, passing(engine))
    finish(engine, plan, record, passing(engine))


def connect(plan: dict[str, Any], record: Recorder) -> None:
    """Take this rank's GPU and join the others."""
    if plan["device"] == "cuda":
        get_accelerator().set_device(record.local_rank)
        squeeze(plan)
    deepspeed.init_distributed()


def squeeze(plan: dict[str, Any]) -> None:
    """Let torch have a part of the GPU only, so that it fails as a smaller one would."""
    if plan["gpu_memory_fraction"]:
        torch.cuda.set_per_process_memory_fraction(plan["gpu_memory_fraction"])


def initialize(plan: dict[str, Any], model: torch.nn.Module) -> Any:
    """DeepSpeed's engine under the configuration."""
    engine, *_ = deepspeed.initialize(
        model=model,
        optimizer=client_optimizer(plan, model),
        model_parameters=list(model.parameters()),
        config=plan["config"],
    )
    return engine


def client_optimizer(plan: dict[str, Any], model: torch.nn.Module) -> Any:
    """An optimizer of the script's own, where the configuration has none."""
    if plan["client_optimizer"] == "torch_adamw":
        return torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    if plan["client_optimizer"] == "cpu_adam":
        from deepspeed.ops.adam import DeepSpeedCPUAdam

        return DeepSpeedCPUAdam(model.parameters(), lr=LEARNING_RATE)
    return None
