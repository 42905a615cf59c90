"""Proves that a key has no effect: trained with other values for it, every step is the same.

What counts is the optimizer's own weights after each step, bit by bit, and what the native kernels
are told, for those are only stood in for. Only ``optimizer`` and ``scheduler`` are looked at, whose
values act in every step; of other blocks a few steps would prove nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.differential.judge.apart import apart
from tests.differential.judge.machine import Kernels
from tests.differential.judge.reading import Reading, changed, value_at
from tests.differential.judge.training import MAX_ACCUMULATION, favoured, go, start

BLOCKS = ("optimizer", "scheduler")
STEPS = 6

Told = list[str]


def idle(found: Reading, way: list[str]) -> bool:
    """Does training go on the same whatever stands at the end of ``way``, or nothing?

    One rank is enough: how many there are does not decide who writes a learning rate.
    """
    if way[0] not in BLOCKS:
        return False
    data = _on_one_rank(found)
    before = _evidence(data)
    if not before:
        return False
    others = (changed(data, way), *(changed(data, way, other) for other in _others(data, way)))
    return all(_evidence(other) == before for other in others)


def _on_one_rank(found: Reading) -> dict[str, Any]:
    data: dict[str, Any] = favoured(found)
    data.pop("train_batch_size", None)
    data["train_micro_batch_size_per_gpu"] = found.micro
    data["gradient_accumulation_steps"] = min(found.steps, MAX_ACCUMULATION)
    return data


def _others(data: Any, way: list[str]) -> Iterator[Any]:
    """Other values, legal where this one is."""
    value = value_at(data, way)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, 2 * value + 3)
    elif isinstance(value, float):
        yield from (value / 2, 2 * value + 1e-3)
    elif isinstance(value, str):
        yield "some-other-word"
    elif isinstance(value, list):
        yield [0.5 + 0.1 * place for place in range(len(value))]


def _evidence(data: dict[str, Any]) -> str:
    """A digest of all steps; empty if there was none that changed anything, or one failed."""
    return apart(lambda: {"digest": _digest(data)}).get("digest", "")


def _digest(data: dict[str, Any]) -> str:
    told: Told = []
    _watch(told)
    engine = start(data, 1)
    made = [one for one in told if one.startswith("create_")]
    told.clear()  # FP16_Optimizer takes a step on zero gradients while it is made
    go(engine, STEPS)
    return _sum("".join((*made, *told)).encode()) if len(set(told)) > 1 else ""


def _watch(told: Told) -> None:
    """Note what each step leaves, and what native kernels are told."""
    from torch.optim.optimizer import register_optimizer_step_post_hook

    def stepped(optimizer: Any, *_: Any) -> None:
        weights = (weight for group in optimizer.param_groups for weight in group["params"])
        told.append("".join(_text(weight) for weight in weights))

    def called(name: str, arguments: tuple[Any, ...]) -> None:
        if name.startswith("create_"):  # each step is told the numbers anew, but not the switches
            arguments = tuple(value for value in arguments if isinstance(value, bool))
        told.append(name + "".join(_text(argument) for argument in arguments))

    register_optimizer_step_post_hook(stepped)
    Kernels.watcher = called


def _text(value: Any) -> str:
    """By content: bits of tensors, everything else as it is written."""
    import torch

    if isinstance(value, (list, tuple)):
        return "".join(_text(item) for item in value)
    if isinstance(value, torch.Tensor):
        return _sum(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return f" {value!r}"


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
