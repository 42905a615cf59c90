"""A configuration to try where the user has none."""

from __future__ import annotations

import json
from typing import Any

from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.parser import parse
from dsdoctor.smoke.machine import Machine

NAME = "built-in configuration"


def sound_config(machine: Machine) -> dict[str, Any]:
    """ZeRO-2 in bf16; in fp32 on GPUs that do not calculate in bf16.

    On a CPU with torch's Adam: DeepSpeed's would first be compiled for a minute.
    """
    params = {"lr": 1e-3, "betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1}
    return {
        "train_micro_batch_size_per_gpu": 2,
        "gradient_accumulation_steps": 2,
        "gradient_clipping": 1.0,
        "bf16": {"enabled": machine.bf16},
        "zero_optimization": {
            "stage": 2,
            "overlap_comm": machine.device == "cuda",
            "contiguous_gradients": True,
            "reduce_bucket_size": 1 << 24,
            "allgather_bucket_size": 1 << 24,
        },
        "optimizer": {
            "type": "AdamW",
            "params": params | ({"torch_adam": True} if machine.device == "cpu" else {}),
        },
    }


def sound_trainer_config() -> dict[str, Any]:
    """The same for a Trainer job, which fills in what is left to it."""
    params = dict.fromkeys(("lr", "betas", "eps", "weight_decay"), "auto")
    return {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_optimization": {"stage": 2, "reduce_bucket_size": "auto"},
        "optimizer": {"type": "AdamW", "params": params},
    }


def spec_of(config: dict[str, Any], *, trainer: bool = False, name: str = NAME) -> JobSpec:
    """A job with a configuration that stands in no file."""
    document = parse(json.dumps(config, indent=2), name)
    return assemble(document, Sources(trainer=trainer))
