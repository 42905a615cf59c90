"""The model, in memory as the ZeRO stage wants it."""

from __future__ import annotations

import contextlib
from typing import Any

import deepspeed
import torch
from torch import Tensor, nn

from .gpt import GPT, Recompute

STD = 0.02
DRAWN = 1 << 20
"""Weights drawn of a parameter; the rest of a larger one repeats them, or it would take minutes."""


def model(plan: dict[str, Any]) -> nn.Module:
    """The built-in GPT, or the model of a Hugging Face config.json with random weights."""
    torch.manual_seed(plan["seed"])
    if plan["model"]["directory"]:
        return from_directory(plan)
    with _partitioned(plan["config"]):
        made = GPT(plan["model"], _recompute(plan))
    draw(made, plan["seed"])
    return made


def from_directory(plan: dict[str, Any]) -> nn.Module:
    """Random weights at the size that config.json states."""
    from transformers import AutoModelForCausalLM
    from transformers.integrations import HfDeepSpeedConfig

    from .hf_model import model_config

    # as long as it lives, transformers partitions at stage 3 by itself; under a zero.Init of
    # ours it could not even import the model's code, which late torch compiles in part
    partitioning = HfDeepSpeedConfig(plan["config"])
    made = AutoModelForCausalLM.from_config(model_config(plan))
    if plan["activation_checkpointing"]:
        made.gradient_checkpointing_enable()
    del partitioning
    return Headed(made)


class Headed(nn.Module):
    """A Hugging Face model that takes tokens and returns the loss, as the GPT does."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, tokens: Tensor) -> Tensor:
        inputs = tokens[:, :-1].contiguous()
        loss: Tensor = self.inner(input_ids=inputs, labels=inputs).loss
        return loss


def stage(config: dict[str, Any]) -> Any:
    """The ZeRO stage as written."""
    zero = config.get("zero_optimization")
    return zero.get("stage", 0) if isinstance(zero, dict) else int(bool(zero))


def _partitioned(config: dict[str, Any]) -> contextlib.AbstractContextManager[Any]:
    """At stage 3 a parameter is split over the ranks as soon as it is made."""
    if stage(config) != 3:
        return contextlib.nullcontext()
    init: contextlib.AbstractContextManager[Any] = deepspeed.zero.Init(config_dict_or_path=config)
    return init


def draw(made: nn.Module, seed: int) -> None:
    """The same weights for every stage and device: drawn on the CPU, in the model's order."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in made.named_parameters():
        with gathered(parameter, modifier_rank=0), torch.no_grad():
            if parameter.dim() > 1:
                parameter.copy_(_drawn(parameter, generator))
            else:
                parameter.fill_(float("norm" in name and name.endswith("weight")))


def _drawn(parameter: Tensor, generator: torch.Generator) -> Tensor:
    count = parameter.numel()
    weights = torch.randn(min(count, DRAWN), generator=generator) * STD
    return weights.repeat(-(-count // DRAWN))[:count].view(parameter.shape)


def gathered(
    parameter: Tensor, modifier_rank: int | None = None
) -> contextlib.AbstractContextManager[Any]:
    """The whole parameter, where ZeRO-3 has split it."""
    if not hasattr(parameter, "ds_id"):
        return contextlib.nullcontext()
    whole: contextlib.AbstractContextManager[Any] = deepspeed.zero.GatheredParameters(
        [parameter], modifier_rank=modifier_rank
    )
    return whole


def _recompute(plan: dict[str, Any]) -> Recompute | None:
    """DeepSpeed's activation checkpointing if its block is there, else torch's."""
    if not plan["activation_checkpointing"]:
        return None
    if "activation_checkpointing" in plan["config"]:
        deepspeed.checkpointing.configure(None, deepspeed_config=plan["config"])
        done: Recompute = deepspeed.checkpointing.checkpoint
        return done
    from torch.utils.checkpoint import checkpoint

    # ZeRO-3 gathers parameters anew in the second forward, which the other kind mistakes
    # for a change of shape
    return lambda block, x: checkpoint(block, x, use_reentrant=True)
