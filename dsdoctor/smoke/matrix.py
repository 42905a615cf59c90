"""The variants of ``--matrix``, and why some of them cannot run on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

from dsdoctor.smoke.machine import Machine
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.sound import sound_config, spec_of

Precision = Literal["bf16", "fp16", "fp32"]
Offload = Literal["none", "cpu", "nvme"]

STAGES = (0, 1, 2, 3)
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp16", "fp32")
OFFLOADS: tuple[Offload, ...] = ("none", "cpu", "nvme")

_AIO = {"block_size": 1 << 20, "queue_depth": 8, "single_submit": False, "overlap_events": True}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to configure ZeRO. ``recompute``: activations are checkpointed."""

    stage: int
    precision: Precision
    offload: Offload
    recompute: bool

    @property
    def name(self) -> str:
        """``zero3-bf16-nvme-recompute``; what is off is left out."""
        parts = [f"zero{self.stage}", self.precision]
        parts += [self.offload] if self.offload != "none" else []
        return "-".join([*parts, "recompute"] if self.recompute else parts)


VARIANTS: tuple[Variant, ...] = tuple(
    Variant(*values) for values in product(STAGES, PRECISIONS, OFFLOADS, (False, True))
)
"""All of them, refused ones too."""


def comparable(variants: tuple[Variant, ...] = VARIANTS) -> Iterator[dict[int, Variant]]:
    """Groups that differ in the stage only, by stage: their losses must agree."""
    for precision, offload, recompute in product(PRECISIONS, OFFLOADS, (False, True)):
        yield {
            one.stage: one
            for one in variants
            if (one.precision, one.offload, one.recompute) == (precision, offload, recompute)
        }


def why_not(variant: Variant, machine: Machine) -> str:
    """Why this variant does not exist here; empty if it is to be tried.

    Read from deepspeed 0.19.8 runtime/engine.py (_do_sanity_check, _configure_zero_optimizer).
    """
    if variant.offload != "none" and variant.stage == 0:
        return "ZeRO is off at stage 0: nothing is partitioned, nothing is offloaded"
    if variant.offload == "nvme" and variant.stage < 3:
        return "below stage 3 DeepSpeed offloads to CPU memory, whatever the device says"
    if variant.precision == "fp16" and not machine.fp16:
        return "DeepSpeed: Type fp16 is not supported on your device."
    if variant.precision == "bf16" and not machine.bf16:
        return "DeepSpeed: Type bf16 is not supported on your device."
    return ""


def config_of(variant: Variant, machine: Machine, swap: str) -> dict[str, Any]:
    """The sound configuration with the variant's features; ``swap`` is a folder for NVMe."""
    config = sound_config(machine)
    for precision in ("bf16", "fp16"):
        config[precision] = {"enabled": variant.precision == precision}
    if variant.precision == "fp16":
        # as high as by default, it skips most of ten steps
        config["fp16"]["initial_scale_power"] = 8
    zero = config["zero_optimization"]
    zero["stage"] = variant.stage
    if variant.offload != "none":
        zero["offload_optimizer"] = _offload(variant.offload, swap)
        config["optimizer"]["params"].pop("torch_adam", None)  # DeepSpeed wants its own there
    if variant.offload != "none" and variant.stage == 3:
        zero["offload_param"] = _offload(variant.offload, swap)
    if variant.offload == "nvme":
        config["aio"] = dict(_AIO)
    return config


def _offload(device: Offload, swap: str) -> dict[str, Any]:
    place = {"nvme_path": swap} if device == "nvme" else {}
    return {"device": device, "pin_memory": True, **place}


def variant_request(
    variant: Variant, asked: SmokeRequest, machine: Machine, swap: str
) -> SmokeRequest:
    """The run of one variant, everything else as asked."""
    spec = spec_of(config_of(variant, machine, swap), name=variant.name)
    return replace(asked, config=spec.config, spec=spec, activation_checkpointing=variant.recompute)
