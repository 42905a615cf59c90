"""The TrainingArguments of a Trainer job: the user's, or such as the configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dsdoctor.job.filling import ARGUMENT_OF, TRAINER_DEFAULTS
from dsdoctor.job.gap import MISSING
from dsdoctor.job.names import names
from dsdoctor.job.place import Path, Place, Setting
from dsdoctor.job.spec import JobSpec
from dsdoctor.smoke.machine import Machine

TAKEN = names(
    """
        per_device_train_batch_size gradient_accumulation_steps learning_rate weight_decay
        adam_beta1 adam_beta2 adam_epsilon max_grad_norm fp16 bf16 fp16_full_eval bf16_full_eval
        tf32 optim optim_args lr_scheduler_type lr_scheduler_kwargs warmup_steps warmup_ratio
        gradient_checkpointing torch_compile
    """
)
"""What changes how the model is trained; where it is stored and logged is not the user's here."""

BATCH, ACCUMULATION = "per_device_train_batch_size", "gradient_accumulation_steps"
LEARNING_RATE = 1e-3
"""For a few steps of a small model; the Trainer's own default moves it hardly."""
_BETAS: Path = ("optimizer", "params", "betas")


def trainer_arguments(spec: JobSpec, machine: Machine, micro: int) -> dict[str, Any]:
    """What the user gave; of what nobody gave, what agrees with the configuration."""
    given = {name: one.value for name, one in spec.arguments.items() if name in TAKEN}
    if spec.arguments_given:
        return given
    return {**_agreeing(spec, machine, micro), **given}


def _agreeing(spec: JobSpec, machine: Machine, micro: int) -> dict[str, Any]:
    """Values under which the Trainer finds no contradiction."""
    found: dict[str, Any] = {BATCH: micro, ACCUMULATION: 1, "learning_rate": LEARNING_RATE}
    # the scheduler's learning rate comes last and yields to the optimizer's
    for path, name in reversed(list(ARGUMENT_OF.items())):
        written = spec.raw(path)
        if isinstance(written, (int, float)):
            found[name] = written
    betas = spec.raw(_BETAS)
    if isinstance(betas, list) and len(betas) == 2:
        found["adam_beta1"], found["adam_beta2"] = betas
    return {**found, **_precision(spec, machine, found)}


def _precision(spec: JobSpec, machine: Machine, found: Mapping[str, Any]) -> dict[str, bool]:
    """An "auto" leaves a choice; bf16 where the device has it."""
    open_ = [name for name in ("bf16", "fp16") if spec.raw((name, "enabled")) == "auto"]
    if found.get("bf16") or found.get("fp16"):
        return {}
    if "bf16" in open_ and machine.bf16:
        return {"bf16": True}
    return {"fp16": True} if "fp16" in open_ and machine.device == "cuda" else {}


def resolved(spec: JobSpec, arguments: Mapping[str, Any], ranks: int) -> JobSpec:
    """The job with these arguments, and a world size where none is stated."""
    place = Place("Trainer")
    return replace(
        spec,
        arguments={name: Setting(name, value, place) for name, value in arguments.items()},
        arguments_given=True,
        world_size=spec.world_size or Setting("ranks", ranks, place),
    )


def contradicts(spec: JobSpec, arguments: Mapping[str, Any]) -> bool:
    """Does the configuration name a batch size that the arguments do not?"""
    pairs = {("train_micro_batch_size_per_gpu",): BATCH, (ACCUMULATION,): ACCUMULATION}
    for path, name in pairs.items():
        written = spec.raw(path)
        if written in (MISSING, "auto"):
            continue
        if written != arguments.get(name, TRAINER_DEFAULTS[name]):
            return True
    return False
