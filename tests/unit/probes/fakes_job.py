"""Jobs for probes that look at one."""

from __future__ import annotations

import json
from typing import Any

from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.parser import parse

OFFLOADED: dict[str, Any] = {
    "train_micro_batch_size_per_gpu": 1,
    "bf16": {"enabled": True},
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-5}},
    "zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}},
}


def job(config: dict[str, Any] | None = None, launch: str = "", **more: Any) -> JobSpec:
    """A job with that configuration, by default one that offloads its optimizer to the CPU."""
    text = json.dumps(OFFLOADED if config is None else config)
    return assemble(parse(text, "ds_config.json"), Sources(launch=launch, **more))
