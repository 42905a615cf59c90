"""Configurations with "auto" for the Hugging Face Trainer, and its arguments beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from dsdoctor.job.examples import EXAMPLES, example
from dsdoctor.job.schema.load import Schema
from tests.differential.generator.mistakes import mistaken
from tests.differential.generator.places import at, paths, put

TEMPLATES = tuple(name for name in EXAMPLES if name.startswith("trainer"))

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "per_device_train_batch_size": (1, 2, 4, 8),
    "gradient_accumulation_steps": (1, 2, 4),
    "learning_rate": (1e-5, 2e-5, 1e-4),
    "weight_decay": (0.0, 0.01, 0.1),
    "max_grad_norm": (1.0, 0.5),
    "adam_beta2": (0.95, 0.999),
    "adam_epsilon": (1e-8, 1e-6),
    "warmup_steps": (0, 10),
}

FILLED = (
    "train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "train_batch_size",
    "gradient_clipping", "bf16.enabled", "fp16.enabled", "optimizer.params.lr",
    "optimizer.params.betas", "optimizer.params.eps", "optimizer.params.weight_decay",
    "scheduler.params.warmup_max_lr", "scheduler.params.warmup_min_lr",
    "scheduler.params.warmup_num_steps", "scheduler.params.total_num_steps",
    "zero_optimization.reduce_bucket_size",
)  # fmt: skip

OWN_VALUES = (
    1, 2, 4, 8, 16, 32, 0, 1.0, 0.5, 0.1, 1e-5, 2e-5, 1e-8, True, False, [0.9, 0.999], [0.9, 0.95],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainerCase:
    """One configuration, the arguments beside it, and what was done to it."""

    number: int
    text: str
    world: int
    arguments: dict[str, Any]
    changes: tuple[str, ...]


def trainer_cases(count: int, seed: int, schema: Schema) -> Iterator[TrainerCase]:
    """So many of them."""
    for number in range(count):
        yield _case(number, seed, schema)


def _case(number: int, seed: int, schema: Schema) -> TrainerCase:
    random = Random(f"trainer:{seed}:{number}")  # noqa: S311 - repeatable is what is wanted
    config = json.loads(example(random.choice(TEMPLATES)))
    arguments = {
        name: random.choice(values) for name, values in ARGUMENTS.items() if random.random() < 0.4
    }
    if precision := random.choice(("bf16", "bf16", "fp16", None)):
        arguments[precision] = True
    done = []
    for _ in range(random.choice((0, 1, 1, 2, 2))):
        change = random.choice((_own_value, _own_value, _more_auto, mistaken))
        done.append(change(random, config, schema))
    text, world = json.dumps(config, indent=2), random.choice((1, 1, 2, 4))
    return TrainerCase(number, text, world, arguments, tuple(change for change in done if change))


def _own_value(random: Random, config: dict[str, Any], _: Schema) -> str:
    """A value of the configuration's own, which may contradict the arguments."""
    path = tuple(random.choice(FILLED).split("."))
    put(config, path, value := random.choice(OWN_VALUES))
    return f"set {'.'.join(path)} to {value!r}"


def _more_auto(random: Random, config: dict[str, Any], _: Schema) -> str:
    """The word "auto" where somebody fills it, or nobody."""
    scalars = [path for path in paths(config) if not isinstance(at(config, path), dict)]
    if not scalars:
        return ""
    put(config, path := random.choice(scalars), "auto")
    return f"auto at {'.'.join(path)}"
