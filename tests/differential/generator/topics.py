"""Mistakes with what keys mean: sizes, stages, devices, optimizers. Each returns what it did."""

from __future__ import annotations

from random import Random
from typing import Any

from dsdoctor.job.schema.load import Schema
from tests.differential.generator.bases import SIZES, Config
from tests.differential.generator.places import put

ODD_OPTIMIZERS = (
    "AdamW8bit", "OneBitAdam", "ZeroOneAdam", "FusedAdam", "sgd", "Adamw", "adamw_torch", "auto",
)  # fmt: skip

OPTIMIZER_PARAMETERS = (
    "lr", "betas", "eps", "weight_decay", "max_grad_norm", "amsgrad", "fused", "bias_correction",
    "momentum", "learning_rate", "adam_w_mode", "torch_adam", "warmup", "freeze_step",
)  # fmt: skip

SCHEDULER_PARAMETERS = (
    "warmup_num_steps", "warmup_min_lr", "warmup_max_lr", "total_num_steps", "warmup_type",
    "warmup_steps", "last_batch_iteration", "cos_min_ratio",
)  # fmt: skip


def other_stage(random: Random, config: Config, _: Schema) -> str:
    """The stage is changed, the rest of the block is not."""
    put(config, ("zero_optimization", "stage"), stage := random.choice((0, 1, 2, 3, 4, "3", 2.0)))
    return f"stage {stage!r}"


def other_sizes(random: Random, config: Config, _: Schema) -> str:
    """Batch sizes from another machine."""
    numbers = (1, 2, 3, 4, 6, 8, 16, 32, 64, 0, -1, None, "8", "auto", 1.5, 2.0)
    name = random.choice(SIZES)
    put(config, (name,), number := random.choice(numbers))
    return f"{name} {number!r}"


def offload(random: Random, config: Config, _: Schema) -> str:
    """Offloading, wherever and at whatever stage."""
    what = random.choice(("offload_optimizer", "offload_param"))
    device = random.choice(("cpu", "cpu", "nvme", "none", "CPU", "disk", "auto", None))
    block: Config = {"device": device}
    if random.random() < 0.4:
        block["nvme_path"] = random.choice(("/local_nvme", None, "auto"))
    if random.random() < 0.3:
        block.update(random.choice(({"pin_memory": True}, {"ratio": 0.5}, {"buffer_count": 2})))
    put(config, ("zero_optimization", what), block)
    return f"{what} {block!r}"


def optimizer(random: Random, config: Config, schema: Schema) -> str:
    """Another optimizer, with the parameters of the old one."""
    name = random.choice((*schema.optimizers, *ODD_OPTIMIZERS))
    put(config, ("optimizer", "type"), name)
    return f"optimizer {name}"


def optimizer_parameter(random: Random, config: Config, _: Schema) -> str:
    """A parameter of the optimizer, known or not, sound or not."""
    name = random.choice(OPTIMIZER_PARAMETERS)
    value: Any = random.choice((1e-4, "1e-4", "auto", None, [0.9, 0.999], [0.9], 0, -1, True, 1.0))
    put(config, ("optimizer", "params", name), value)
    config["optimizer"].setdefault("type", "AdamW")
    return f"optimizer.params.{name}: {value!r}"


def scheduler(random: Random, config: Config, schema: Schema) -> str:
    """Another scheduler, with the parameters of the old one or a few of its own."""
    name = random.choice((*schema.schedulers, "WarmupLR", "cosine", "warmuplr", "CosineLR", "auto"))
    put(config, ("scheduler", "type"), name)
    built = schema.schedulers.get(name)
    if built and random.random() < 0.6:
        config["scheduler"]["params"] = dict.fromkeys(built.required, 10)
    return f"scheduler {name}"


def scheduler_parameter(random: Random, config: Config, _: Schema) -> str:
    """A parameter of the scheduler, known or not, sound or not."""
    name = random.choice(SCHEDULER_PARAMETERS)
    value: Any = random.choice((0, 1, 100, "auto", "100", None, -1, 1e-4, "linear", 1e9))
    put(config, ("scheduler", "params", name), value)
    config["scheduler"].setdefault("type", "WarmupLR")
    return f"scheduler.params.{name}: {value!r}"


def precision(random: Random, config: Config, _: Schema) -> str:
    """Another precision beside the one that is there."""
    name = random.choice(("fp16", "bf16", "bfloat16", "amp", "torch_autocast"))
    put(config, (name, "enabled"), value := random.choice((True, True, False, "auto", "true")))
    return f"{name}.enabled: {value!r}"


def communication(random: Random, config: Config, _: Schema) -> str:
    """Settings of how gradients travel."""
    name, value = random.choice(
        (
            ("prescale_gradients", True), ("gradient_predivide_factor", 2.0),
            ("gradient_allreduce_op", "sum"), ("gradient_allreduce_op", "avg"),
            ("communication_data_type", "fp32"), ("communication_data_type", "float32"),
            ("seq_parallel_communication_data_type", "bf16"), ("sequence_parallel_size", 2),
            ("communication_data_type", "auto"), ("data_parallel_size", 2),
        )
    )  # fmt: skip
    config[name] = value
    return f"{name}: {value!r}"
