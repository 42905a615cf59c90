"""What follows the last step: peaks, digest, the checkpoint loaded again, the model gathered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import build, checkpoint
from .loop import Pass, micro_batches, step
from .measure import memory
from .recorder import Recorder

LIMIT = 1 << 24
"""Elements of a parameter that count for the digest: a 7B model must not take minutes."""
RESUMED_STEPS = 2
"""The second step after loading is the first that depends on the optimizer's state."""


def finish(
    engine: Any, plan: dict[str, Any], record: Recorder, one_pass: Pass | None = None
) -> None:
    """In this order: loading again changes the parameters.

    Args:
        engine: DeepSpeed's.
        plan: what to do.
        record: where to write.
        one_pass: trains on a micro batch; without it nothing is loaded again.
    """
    record.write("memory", **memory())
    record.write("digest", name="parameters", value=digest(engine.module))
    if plan["gather"]:
        record.phase("gather")
        gather(engine, plan, record)
    if plan["checkpoint"]["resume"] and one_pass is not None:
        record.phase("load")
        resume(engine, plan, record, one_pass)


def digest(model: nn.Module) -> str:
    """sha256 of the parameters in the model's order, as fp32."""
    total = hashlib.sha256()
    for _, parameter in model.named_parameters():
        with build.gathered(parameter):
            part = parameter.detach().flatten()[:LIMIT].float().cpu()
        total.update(part.numpy().tobytes())
    return total.hexdigest()


def resume(engine: Any, plan: dict[str, Any], record: Recorder, one_pass: Pass) -> None:
    """Load, and take the next steps again."""
    checkpoint.load(engine, plan)
    batches = micro_batches(engine, plan, record)
    first = plan["checkpoint"]["save_at"] + 1
    for number in range(first, min(first + RESUMED_STEPS, plan["steps"] + 1)):
        loss = step(batches, one_pass, plan["seed"] + number)
        record.write("resumed", step=number, loss=loss)


def gather(engine: Any, plan: dict[str, Any], record: Recorder) -> None:
    """The 16-bit model in one file. DeepSpeed refuses quietly where a flag is missing."""
    folder, name = Path(plan["folder"]) / "gathered", "model.bin"
    saved = engine.save_16bit_model(str(folder), name)
    torch.distributed.barrier()
    if record.rank == 0:
        keys, size = _content(folder / name) if saved else (0, 0)
        record.write("gathered", keys=keys, bytes=size)


def _content(path: Path) -> tuple[int, int]:
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return len(state), path.stat().st_size
