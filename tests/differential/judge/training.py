"""Trains a tiny model with a configuration."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from tests.differential.judge.reading import Failure, Reading, failure

STEPS = 2
MOST_STEPS = 24
"""fp16 may skip the first steps while it looks for a loss scale."""

MAX_ACCUMULATION = 4
"""Longer accumulation is shortened: a judge has no time for 1024 micro batches."""


def train(reading: Reading, world: int) -> Failure:
    """Where training stops and why: "initialize" or "step"; empty if it works."""
    stage = "initialize"
    try:
        engine = start(favoured(reading), world)
        stage = "step"
        go(engine)
    except Exception as error:  # noqa: BLE001 - every failure is an answer
        return failure(stage, error)
    return {}


def favoured(reading: Reading) -> dict[str, Any]:
    """The configuration on a machine that has what it asks for, with short accumulation."""
    config: dict[str, Any] = copy.deepcopy(reading.data)
    zero = config.get("zero_optimization")
    for name in ("offload_param", "offload_optimizer"):
        block = zero.get(name) if isinstance(zero, dict) else None
        if isinstance(block, dict) and block.get("nvme_path", "auto") not in ("auto", None):
            block["nvme_path"] = str(Path("nvme").resolve())
    sizes = (reading.micro, reading.steps)
    if all(type(size) is int for size in sizes) and reading.steps > MAX_ACCUMULATION:
        config.pop("train_batch_size", None)
        config["train_micro_batch_size_per_gpu"] = reading.micro
        config["gradient_accumulation_steps"] = MAX_ACCUMULATION
    return config


def start(config: dict[str, Any], world: int) -> Any:
    """The engine, with the script that suits the configuration best."""
    import deepspeed
    import torch

    join(world)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    data = torch.utils.data.TensorDataset(torch.randn(16, 8), torch.randn(16, 2))
    return deepspeed.initialize(
        model=model,
        config=config,
        training_data=data,
        **_optimizer(config, model),
    )[0]


def join(world: int) -> None:
    """One rank talks to itself; of several, the others are only said to be there."""
    import torch.distributed as dist

    os.environ.update(RANK="0", LOCAL_RANK="0", WORLD_SIZE=str(world))
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29500")
    os.environ.update(CROSS_RANK="0", CROSS_SIZE="1", LOCAL_SIZE=str(world))  # as its launcher does
    if world == 1:
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        return
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=world)


def _optimizer(config: dict[str, Any], model: Any) -> dict[str, Any]:
    """The script's own optimizer where the configuration names none, else the parameters."""
    import torch

    block = config.get("optimizer")
    if block is not None and not (isinstance(block, dict) and block.get("type") is None):
        return {"model_parameters": model.parameters()}
    zero = config.get("zero_optimization")
    offload = isinstance(zero, dict) and (zero.get("offload_optimizer") or zero.get("cpu_offload"))
    if not offload:
        return {"optimizer": torch.optim.AdamW(model.parameters())}
    from deepspeed.ops.adam import DeepSpeedCPUAdam

    return {"optimizer": DeepSpeedCPUAdam(model.parameters())}


def go(engine: Any, steps: int = STEPS) -> None:
    """A few optimizer steps, and as many more as were skipped."""
    for _ in range(MOST_STEPS):
        if engine.global_steps - engine.skipped_steps >= steps:
            return
        _step(engine)


def _step(engine: Any) -> None:
    """Micro batches up to the next optimizer step, taken or skipped."""
    import torch

    dtype = next(engine.module.parameters()).dtype
    for _ in range(max(1, int(engine.gradient_accumulation_steps()))):
        loss = engine(torch.randn(2, 8).to(dtype)).float().mean()
        engine.backward(loss)
        engine.step()
