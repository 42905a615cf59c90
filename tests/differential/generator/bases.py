"""Sound configurations to begin with."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

from dsdoctor.job.examples import EXAMPLES, example

Config = dict[str, Any]

ZERO_BLOCKS: dict[int, tuple[Config, ...]] = {
    0: ({},),
    1: ({}, {"reduce_bucket_size": 5e8}),
    2: (
        {"contiguous_gradients": True, "overlap_comm": True, "reduce_bucket_size": 2e8},
        {"offload_optimizer": {"device": "cpu", "pin_memory": True}},
        {"allgather_partitions": True, "allgather_bucket_size": 500000000, "reduce_scatter": True},
    ),
    3: (
        {"stage3_gather_16bit_weights_on_model_save": True, "stage3_max_live_parameters": 1e9},
        {"offload_param": {"device": "cpu"}, "offload_optimizer": {"device": "cpu"}},
        {"sub_group_size": 1e9, "stage3_prefetch_bucket_size": 5e7},
        {"zero_hpz_partition_size": 8, "zero_quantized_weights": False},
    ),
}

OPTIMIZERS: tuple[Config, ...] = (
    {"type": "AdamW", "params": {"lr": 3e-5, "betas": [0.9, 0.95], "weight_decay": 0.1}},
    {"type": "Adam", "params": {"lr": 1e-4, "betas": [0.8, 0.999], "eps": 1e-8}},
    {"type": "Adam", "params": {"lr": 1e-4, "adam_w_mode": False, "torch_adam": True}},
    {"type": "Lion", "params": {"lr": 1e-4, "betas": [0.9, 0.99]}},
)

SCHEDULERS: tuple[Config, ...] = (
    {"type": "WarmupLR", "params": {"warmup_max_lr": 1e-4, "warmup_num_steps": 500}},
    {"type": "WarmupDecayLR", "params": {"warmup_num_steps": 100, "total_num_steps": 10000}},
    {"type": "WarmupCosineLR", "params": {"total_num_steps": 10000, "warmup_num_steps": 100}},
    {"type": "OneCycle", "params": {"cycle_min_lr": 1e-5, "cycle_max_lr": 1e-3}},
)

EXTRAS: tuple[Config, ...] = (
    {"gradient_clipping": 1.0},
    {"steps_per_print": 100},
    {"wall_clock_breakdown": False},
    {"activation_checkpointing": {"partition_activations": True, "cpu_checkpointing": True}},
    {"flops_profiler": {"enabled": True, "profile_step": 2}},
    {"comms_logger": {"enabled": True, "prof_all": True}},
    {"csv_monitor": {"enabled": True, "output_path": "logs", "job_name": "run"}},
    {"checkpoint": {"tag_validation": "Warn", "load_universal": False}},
    {"zero_allow_untested_optimizer": True},
    {"aio": {"block_size": 1048576, "queue_depth": 8}},
    {"communication_data_type": "fp32"},
)

SIZES = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps")

PLAIN = tuple(name for name in EXAMPLES if not name.startswith("trainer"))

TUTORIAL: Config = {
    "train_batch_size": 64,
    "train_micro_batch_size_per_gpu": 1,
    "gradient_accumulation_steps": 8,
    "steps_per_print": 10,
    "gradient_clipping": 1.0,
    "bf16": {"enabled": True},
    "optimizer": {"type": "AdamW", "params": {"lr": 2e-5, "betas": [0.9, 0.999], "eps": 1e-8}},
    "zero_optimization": {
        "stage": 3,
        "offload_optimizer": {"device": "cpu", "pin_memory": True},
        "offload_param": {"device": "cpu", "pin_memory": True},
        "overlap_comm": True,
        "contiguous_gradients": True,
        "sub_group_size": 1e9,
        "reduce_bucket_size": "16777216",
        "stage3_max_live_parameters": 1e9,
        "stage3_max_reuse_distance": 1e9,
    },
    "wall_clock_breakdown": False,
}
"""A 7B configuration as tutorials give it: sound on 8 GPUs, wrong on 4."""


def base(random: Random, world: int) -> Config:
    """A configuration that DeepSpeed accepts on ``world`` ranks."""
    kind = random.random()
    if kind < 0.05:
        config = {name: value for name, value in TUTORIAL.items() if name not in SIZES}
    elif kind < 0.45:
        config = json.loads(example(random.choice(PLAIN)))
        config = {name: value for name, value in config.items() if name not in SIZES}
    else:
        config = _assembled(random)
    return sizes(random, world) | copy.deepcopy(config)


def _assembled(random: Random) -> Config:
    """Blocks taken from everywhere."""
    stage = random.choice((0, 1, 2, 2, 3, 3))
    zero = random.choice(ZERO_BLOCKS[stage])
    config: Config = {"zero_optimization": {"stage": stage, **zero}}
    precision = random.choice(("bf16", "bf16", "fp16", None))
    if precision:
        config[precision] = {"enabled": True}
    if random.random() < 0.8:
        config["optimizer"] = random.choice(OPTIMIZERS)
        if random.random() < 0.4:
            config["scheduler"] = random.choice(SCHEDULERS)
    for extra in random.sample(EXTRAS, random.randint(0, 3)):
        config.update(extra)
    return config


def sizes(random: Random, world: int) -> Config:
    """Batch sizes that fit, given in one of the ways in which they can be."""
    micro, steps = random.choice((1, 2, 4, 8)), random.choice((1, 1, 2, 4, 8))
    whole = dict(zip(SIZES, (micro * steps * world, micro, steps), strict=True))
    ways = (SIZES, SIZES[1:], SIZES[1:2], SIZES[:2], SIZES[:1])
    return {name: whole[name] for name in random.choice(ways)}
