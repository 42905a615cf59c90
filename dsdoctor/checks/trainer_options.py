"""TrainingArguments that do not go together with DeepSpeed, or that the configuration overrules.

Read from transformers 5.23 trainer.py (create_accelerator_and_postprocess), training_args.py
(__post_init__) and integrations/deepspeed.py (deepspeed_optim_sched); the errors were tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import TYPE, found
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.scheduler import KIND
from dsdoctor.checks.wording import shown
from dsdoctor.job.place import Setting
from dsdoctor.job.resolve import stage
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

SMALL = ("8bit", "4bit", "paged", "galore", "apollo", "anyprecision")
"""Parts of the names of optimizers that save memory, which DeepSpeed's plain ones do not."""

SAME_SCHEDULE = {
    "WarmupLR": ("constant_with_warmup", "constant"),
    "WarmupDecayLR": ("linear",),
    "WarmupCosineLR": ("cosine",),
}


def conflicts(spec: JobSpec) -> Iterator[Problem]:
    """Options at which the Trainer stops if DeepSpeed is on."""
    if spec.filler is not Filler.TRAINER:
        return
    if (setting := spec.argument("fsdp")) and setting.value not in (None, "", [], False, "false"):
        yield Problem("DSC061", {"option": "fsdp"}, (setting,))
    if (setting := _on(spec, "auto_find_batch_size")) and stage(spec) == 3:
        fix = Fix("Use ZeRO-2", {"zero_optimization": {"stage": 2}})
        settings = (setting, *found(spec, ("zero_optimization", "stage")))
        yield Problem("DSC061", {"option": "auto_find_batch_size"}, settings, fixes=(fix,))
    best = _on(spec, "load_best_model_at_end")
    if (setting := _on(spec, "save_only_model")) and best:
        yield Problem("DSC061", {"option": "save_only_model"}, (setting, best))


def both_types(spec: JobSpec) -> Iterator[Problem]:
    """``fp16`` and ``bf16`` together."""
    fp16, bf16 = _on(spec, "fp16"), _on(spec, "bf16")
    if fp16 and bf16:
        yield Problem("DSP008", {}, (fp16, bf16))


def _on(spec: JobSpec, name: str) -> Setting | None:
    """The argument, if it is given and true."""
    setting = spec.argument(name)
    return setting if setting and str(setting.value).lower() == "true" else None


def optimizer_overruled(spec: JobSpec) -> Iterator[Problem]:
    """``optim`` counts only where the configuration has no optimizer."""
    asked, kind = spec.argument("optim"), spec.raw(TYPE)
    if spec.filler is not Filler.TRAINER or asked is None or not isinstance(kind, str):
        return
    if not _same_optimizer(str(asked.value).lower(), kind.lower()):
        yield _overruled(spec, asked, "optimizer", found(spec, TYPE))


def _same_optimizer(asked: str, kind: str) -> bool:
    family = asked.split("_")[0]
    same = family == kind or (family == "adamw" and kind == "adam")
    return same and not any(part in asked for part in SMALL)


def scheduler_overruled(spec: JobSpec) -> Iterator[Problem]:
    """``lr_scheduler_type`` counts only where the configuration has no scheduler."""
    asked, kind = spec.argument("lr_scheduler_type"), spec.raw(KIND)
    if spec.filler is not Filler.TRAINER or asked is None or not isinstance(kind, str):
        return
    if str(asked.value).lower() not in SAME_SCHEDULE.get(kind, ()):
        yield _overruled(spec, asked, "scheduler", found(spec, KIND))


def _overruled(spec: JobSpec, asked: Setting, block: str, written: tuple[Setting, ...]) -> Problem:
    values = {
        "option": asked.name.lstrip("-"),
        "asked": str(asked.value),
        "block": block,
        "used": shown(spec.raw((block, "type"))),
    }
    fix = Fix(f"Remove {block} from the DeepSpeed config; the argument then counts", {block: None})
    return Problem("DSC131", values, (*written, asked), fixes=(fix,))


def quantized_under_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """4-bit and 8-bit weights are no floats, which ZeRO-3 needs to cut them up."""
    if stage(spec) != 3:
        return
    for name, bits in (("load_in_4bit", "4-bit"), ("load_in_8bit", "8-bit")):
        setting = spec.model.get(name)
        if setting and str(setting.value).lower() == "true":
            fix = Fix("Use ZeRO-2", {"zero_optimization": {"stage": 2}})
            settings = (setting, *found(spec, ("zero_optimization", "stage")))
            yield Problem(
                "DSE031", {"bits": bits}, settings, Severity.WARNING, Confidence.LIKELY, (fix,)
            )


CHECKS: tuple[Check, ...] = (
    conflicts,
    both_types,
    optimizer_overruled,
    scheduler_overruled,
    quantized_under_stage_3,
)
