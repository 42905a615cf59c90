"""Mistakes with keys and values, whatever they mean. Each returns what it did, or nothing."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from dsdoctor.job.schema.load import Schema
from tests.differential.generator import values
from tests.differential.generator.names import misspelt
from tests.differential.generator.places import Path, at, paths, put, rename, some_path

Config = dict[str, Any]

FAMILIAR = (
    (), (), (), ("zero_optimization",), ("zero_optimization",), ("zero_optimization",), ("fp16",),
    ("bf16",), ("zero_optimization", "offload_optimizer"), ("zero_optimization", "offload_param"),
)  # fmt: skip
"""Blocks that people write most."""

FOREIGN = (
    "mics_shard_size", "zeropp_loco_param", "opt_level", "sparse_gradients", "amp", "elasticity",
    "curriculum_learning", "fp32_allreduce", "learning_rate", "max_grad_norm", "nebula", "seed",
    "gradient_checkpointing", "stage3_gather_fp16_weights_on_model_save", "num_train_epochs",
    "progressive_layer_drop", "eigenvalue", "compression_training", "hidden_size", "_comment",
)  # fmt: skip
"""Keys of other versions, of other programs, and of nobody."""


def misspell(random: Random, config: Config, _: Schema) -> str:
    """A key is written wrong."""
    path = some_path(random, config)
    if path is None:
        return ""
    rename(config, path, wrong := misspelt(random, path[-1]))
    return f"misspell {'.'.join(path)} as {wrong}"


def misplace(random: Random, config: Config, _: Schema) -> str:
    """A key or block stands in the wrong block."""
    path = some_path(random, config)
    blocks = [way for way in [(), *paths(config)] if isinstance(at(config, way), dict)]
    if path is None or not (goals := [way for way in blocks if way[: len(path)] != path]):
        return ""
    goal = random.choice(goals)
    value = at(config, path[:-1]).pop(path[-1])
    put(config, (*goal, path[-1]), value)
    return f"move {'.'.join(path)} into {'.'.join(goal) or 'the top level'}"


def drop(random: Random, config: Config, _: Schema) -> str:
    """A key is missing."""
    path = some_path(random, config)
    if path is None:
        return ""
    del at(config, path[:-1])[path[-1]]
    return f"drop {'.'.join(path)}"


def retype(random: Random, config: Config, _: Schema) -> str:
    """A value of another kind."""
    path = some_path(random, config)
    if path is None:
        return ""
    put(config, path, copy.deepcopy(wrong := random.choice(values.WRONG)))
    return f"set {'.'.join(path)} to {wrong!r}"


def exceed(random: Random, config: Config, schema: Schema) -> str:
    """A number outside its bounds."""
    numbers = [path for path in paths(config) if type(at(config, path)) in (int, float)]
    keys = [(path, key) for path in numbers if (key := schema.key(path))]
    if not keys:
        return ""
    path, key = random.choice(keys)
    put(config, path, wrong := values.beyond(random, key))
    return f"set {'.'.join(path)} to {wrong!r}"


def add_known(random: Random, config: Config, schema: Schema) -> str:
    """A key that this DeepSpeed knows, with a value as it should be."""
    path = _known(random, schema)
    key = schema.key(path)
    if key is None or key.name in ("train_batch_size", "type"):
        return ""
    put(config, path, value := values.sound(random, key))
    return f"add {'.'.join(path)}: {value!r}"


def add_wrong(random: Random, config: Config, schema: Schema) -> str:
    """A key that this DeepSpeed knows, with a value of any kind."""
    path = _known(random, schema)
    put(config, path, copy.deepcopy(value := random.choice(values.WRONG)))
    return f"add {'.'.join(path)}: {value!r}"


def _known(random: Random, schema: Schema) -> Path:
    blocks = list(schema.blocks)
    block = random.choice(FAMILIAR if random.random() < 0.7 else blocks)
    if not schema.blocks[block].keys:
        return ("gradient_clipping",)
    return (*block, random.choice(schema.blocks[block].names))


def add_alien(random: Random, config: Config, schema: Schema) -> str:
    """A key that another version knows, or nobody."""
    block = random.choice(FAMILIAR)
    name = random.choice((*FOREIGN, *(path[-1] for path in schema.paths)))
    put(config, (*block, name), value := random.choice((1, True, {"enabled": False}, "auto")))
    return f"add {'.'.join((*block, name))}: {value!r}"


def block_lost(random: Random, config: Config, _: Schema) -> str:
    """Something else where a block belongs."""
    blocks = [path for path in paths(config) if isinstance(at(config, path), dict)]
    if not blocks:
        return ""
    path = random.choice(blocks)
    value: Any = random.choice((None, True, False, [], "auto", 1, {}))
    put(config, path, value)
    return f"set {'.'.join(path)} to {value!r}"
