"""Forward, backward, step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from deepspeed.accelerator import get_accelerator
from torch import Tensor

from . import checkpoint
from .data import batch
from .recorder import Recorder

Pass = Callable[[Tensor], Tensor]
"""Takes a micro batch, trains on it, returns its loss."""


def steps(engine: Any, plan: dict[str, Any], record: Recorder, one_pass: Pass) -> None:
    """All optimizer steps, with a checkpoint in the middle if asked for."""
    batches = micro_batches(engine, plan, record)
    for number in range(1, plan["steps"] + 1):
        started, before = time.perf_counter(), engine.skipped_steps
        loss = step(batches, one_pass, plan["seed"] + number)
        seconds = time.perf_counter() - started
        record.step(number, loss, seconds, skipped=engine.skipped_steps > before)
        if number == plan["checkpoint"]["save_at"]:
            record.phase("save")
            checkpoint.save(engine, plan)
            record.phase("train")


def passing(engine: Any) -> Pass:
    """The three calls of every DeepSpeed loop."""

    def one_pass(tokens: Tensor) -> Tensor:
        loss: Tensor = engine(tokens)
        engine.backward(loss)
        engine.step()
        return loss

    return one_pass


def step(batches: list[Tensor], one_pass: Pass, seed: int) -> float:
    """One optimizer step; the mean loss of its micro batches on this rank."""
    torch.manual_seed(seed)  # a model with dropout repeats itself after loading
    losses = [one_pass(tokens).detach().float() for tokens in batches]
    get_accelerator().synchronize()
    return float(torch.stack(losses).mean().item())


def micro_batches(engine: Any, plan: dict[str, Any], record: Recorder) -> list[Tensor]:
    """The micro batches of a step, on this rank's device."""
    size, rows = plan["model"], plan["micro_batch"]
    device = get_accelerator().current_device_name()
    return [
        batch(record.rank, number, rows, size["sequence"], size["vocabulary"]).to(device)
        for number in range(engine.gradient_accumulation_steps())
    ]
