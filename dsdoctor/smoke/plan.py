"""From what the user asks to what is run."""

from __future__ import annotations

from typing import Any, Literal

from dsdoctor.errors import UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.filling import TRAINER_DEFAULTS
from dsdoctor.job.gap import MISSING
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.smoke.draft import Draft
from dsdoctor.smoke.machine import Machine, world_size
from dsdoctor.smoke.model_size import ModelSize
from dsdoctor.smoke.planned import Kind, Plan
from dsdoctor.smoke.quiet import switch_off
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.scale import MICRO, follow, model_size, swap_apart
from dsdoctor.smoke.sound import sound_config, sound_trainer_config, spec_of
from dsdoctor.smoke.trainer_arguments import (
    ACCUMULATION,
    BATCH,
    contradicts,
    resolved,
    trainer_arguments,
)
from dsdoctor.smoke.triangle import fit

__all__ = ["Plan", "make_plan"]

GIB = 1 << 30
_STAGE = ("zero_optimization", "stage")
_GATHER = ("zero_optimization", "stage3_gather_16bit_weights_on_model_save")


def make_plan(request: SmokeRequest, machine: Machine) -> Plan:
    """The run: all features of the configuration, at sizes that end in seconds.

    Raises:
        UsageError: what is asked for cannot be run on this machine.
    """
    spec = _spec(request, machine)
    draft, ranks = Draft(spec), world_size(request, machine)
    kind = _kind(request, spec)
    size = model_size(request, machine.device)
    if request.stage is not None:
        _set_stage(draft, request.stage)
    micro, arguments = _batches(draft, request, machine, ranks, kind)
    stage = draft.get(_STAGE)
    if not request.true_size:
        follow(draft, size, stage)
    swap_apart(draft)
    switch_off(draft)
    optimizer = _client_optimizer(draft, kind)
    return Plan(
        config=draft.config,
        model=size,
        steps=request.steps,
        micro_batch=micro,
        world_size=ranks,
        device=machine.device,
        kind=kind,
        arguments=arguments,
        activation_checkpointing=_recomputes(request, draft, arguments),
        save_at=_save_at(request, kind),
        gather=_gathers(request, draft, stage),
        gpu_memory_fraction=_fraction(request, machine),
        client_optimizer=optimizer,
        changes=(*_model_words(request, size), *draft.changes),
        notes=tuple(draft.notes),
        scratch=tuple(draft.scratch),
    )


def _spec(request: SmokeRequest, machine: Machine) -> JobSpec:
    if request.spec is not None:
        return request.spec
    if request.config is not None:
        return assemble(request.config, Sources(trainer=request.trainer))
    if request.trainer:
        return spec_of(sound_trainer_config(), trainer=True)
    return spec_of(sound_config(machine))


def _kind(request: SmokeRequest, spec: JobSpec) -> Kind:
    """A job goes through whatever fills its "auto" values."""
    if request.trainer or spec.filler is Filler.TRAINER:
        return "trainer"
    if request.launcher == "accelerate" or spec.filler is Filler.ACCELERATE:
        return "accelerate"
    return "plain"


def _set_stage(draft: Draft, stage: int) -> None:
    block = draft.get(_STAGE[:1])
    if not isinstance(block, dict):
        draft.change(_STAGE[:1], {"stage": stage}, "--stage")
    else:
        draft.change(_STAGE, stage, "--stage")


def _batches(
    draft: Draft, request: SmokeRequest, machine: Machine, ranks: int, kind: Kind
) -> tuple[int, dict[str, Any]]:
    """The micro batch fed, and the TrainingArguments of a Trainer job."""
    most = None if request.true_size else MICRO[machine.device]
    if kind != "trainer":
        sizes = fit(
            draft,
            draft.spec,
            ranks,
            request.micro_batch,
            most,
            auto_filled=kind == "accelerate",
            elsewhere=machine.device == "cpu",
        )
        return sizes.micro, {}
    arguments = trainer_arguments(draft.spec, machine, request.micro_batch or MICRO[machine.device])
    if contradicts(draft.spec, arguments):
        return int(arguments.get(BATCH, TRAINER_DEFAULTS[BATCH])), arguments
    sizes = fit(draft, resolved(draft.spec, arguments, ranks), ranks, request.micro_batch, most)
    for name, value in ((BATCH, sizes.micro), (ACCUMULATION, sizes.steps)):
        old = arguments.get(name, TRAINER_DEFAULTS[name])
        if old != value:
            draft.changes.append(f"{name} {old} → {value}")
        arguments[name] = value
    return sizes.micro, arguments


def _client_optimizer(draft: Draft, kind: Kind) -> Literal["none", "torch_adamw", "cpu_adam"]:
    """What a script would bring along where the configuration has no optimizer."""
    if kind == "trainer" or draft.get(("optimizer",)) not in (MISSING, None):
        return "none"
    device = draft.get(("zero_optimization", "offload_optimizer", "device"))
    old = draft.get(("zero_optimization", "cpu_offload"))
    if device in ("cpu", "nvme") or old is True:
        draft.notes.append("No optimizer in the configuration: the script brings DeepSpeedCPUAdam")
        return "cpu_adam"
    draft.notes.append("No optimizer in the configuration: the script brings torch.optim.AdamW")
    return "torch_adamw"


def _recomputes(request: SmokeRequest, draft: Draft, arguments: dict[str, Any]) -> bool:
    if request.activation_checkpointing is not None:
        return request.activation_checkpointing
    asked = draft.get(("activation_checkpointing",)) is not MISSING
    return asked or bool(arguments.get("gradient_checkpointing"))


def _save_at(request: SmokeRequest, kind: Kind) -> int | None:
    """In the middle, with two steps left to take again."""
    if not request.checkpoint or request.steps < 2:
        return None
    if kind == "trainer":
        raise UsageError("the Trainer job does not load its checkpoint again")
    return max(1, min(request.steps // 2, request.steps - 2))


def _gathers(request: SmokeRequest, draft: Draft, stage: Any) -> bool:
    if request.gather is not None:
        return request.gather
    return stage == 3 and draft.get(_GATHER) is True


def _fraction(request: SmokeRequest, machine: Machine) -> float | None:
    if request.gpu_memory is None:
        return None
    if machine.device == "cpu" or not machine.gpu_memory:
        raise UsageError("--gpu-memory needs a GPU", hint="leave it out on a CPU")
    if request.gpu_memory > machine.gpu_memory:
        raise UsageError(
            f"--gpu-memory asks for {request.gpu_memory / GIB:.3g} GiB, the GPU has "
            f"{machine.gpu_memory / GIB:.3g} GiB"
        )
    return request.gpu_memory / machine.gpu_memory


def _model_words(request: SmokeRequest, size: ModelSize) -> tuple[str, ...]:
    if request.model_directory is not None:
        return (f"weights: random, {size.words}",)
    return (f"model: a GPT of {size.words}, on synthetic data",)
