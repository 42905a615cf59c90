"""16-bit master weights: which stage, optimizer and offload they need.

DeepSpeed checks these keys even where fp16 or bf16 itself is off (since 0.17). Read from
deepspeed 0.19.8 runtime/config.py (_do_error_check), runtime/base_optimizer.py
(_configure_master_weights), and of 0.14 to 0.17 (fp16 at stage 2 only).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.modes import is_bf16_optimizer, line, mode
from dsdoctor.checks.patches import joined, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING, UNKNOWN
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec

FP16: Path = ("fp16", "fp16_master_weights_and_grads")
BF16: Path = ("bf16", "bf16_master_weights_and_grads")
STATES: Path = ("bf16", "bf16_optimizer_states")
STAGES_OF_OLD = (2,)
STAGES = (1, 2, 3)


def stage_missing(spec: JobSpec) -> Iterator[Problem]:
    """16-bit master weights at a stage that has none."""
    at = stage(spec)
    for path in (FP16, BF16, STATES):
        allowed = STAGES_OF_OLD if path is FP16 and line(spec) < (0, 18) else STAGES
        if _on(spec, path) and at in (0, 1, 2, 3) and at not in allowed:
            needed = "ZeRO stage 2" if allowed == STAGES_OF_OLD else "a ZeRO stage"
            yield _problem(spec, path, needed, _stage_fix())


def offload_missing(spec: JobSpec) -> Iterator[Problem]:
    """At a right stage, without the CPU Adam that keeps them."""
    if stage(spec) not in STAGES or not _needs_cpu_adam(spec):
        return
    if is_bf16_optimizer(spec):
        return
    path = FP16 if _on(spec, FP16) else BF16
    if offload_device(spec, "optimizer") in ("none", MISSING, None):
        fix = put(("zero_optimization", "offload_optimizer"), {"device": "cpu"})
        yield _problem(spec, path, "optimizer offload", Fix("Offload the optimizer to CPU", fix))
    elif offload_device(spec, "optimizer") is not UNKNOWN and _other_optimizer(spec):
        fix = put(("optimizer", "type"), "AdamW")
        yield _problem(spec, path, "the optimizer Adam or AdamW", Fix("Use AdamW", fix))


def states_without_weights(spec: JobSpec) -> Iterator[Problem]:
    """``bf16_optimizer_states`` alone."""
    if _on(spec, STATES) and not _on(spec, BF16) and stage(spec) in STAGES:
        fix = Fix("Keep the master weights in bf16 too", put(BF16, True))
        yield _problem(spec, STATES, "bf16_master_weights_and_grads", fix)


def both_kinds(spec: JobSpec) -> Iterator[Problem]:
    """fp16 and bf16 master weights at once."""
    if _on(spec, FP16) and _on(spec, BF16) and stage(spec) in STAGES:
        fix = Fix("Keep the bf16 ones", put(FP16, False))
        yield _problem(spec, FP16, "bf16_master_weights_and_grads off", fix)


def _needs_cpu_adam(spec: JobSpec) -> bool:
    if _on(spec, FP16):
        return True
    device = offload_device(spec, "optimizer")
    return _on(spec, BF16) and (not _on(spec, STATES) or device in ("cpu", "nvme"))


def _other_optimizer(spec: JobSpec) -> bool:
    """Is an optimizer named that does not become DeepSpeedCPUAdam?"""
    kind: Any = spec.raw(("optimizer", "type"))
    if not isinstance(kind, str):
        return False
    plain_torch = spec.raw(("optimizer", "params", "torch_adam")) is True
    return plain_torch or kind.lower() not in ("adam", "adamw")


def _stage_fix() -> Fix:
    patch = joined(
        put(("zero_optimization", "stage"), 2),
        put(("zero_optimization", "offload_optimizer"), {"device": "cpu"}),
    )
    return Fix("Use ZeRO stage 2 with the optimizer offloaded to CPU", patch)


def _on(spec: JobSpec, path: Path) -> bool:
    if path is FP16 and line(spec) < (0, 17) and mode(spec, "fp16") is not True:
        return False
    return value(spec, path) is True


def _problem(spec: JobSpec, path: Path, needed: str, fix: Fix) -> Problem:
    setting = spec.setting(path)
    settings = (setting,) if setting else ()
    keep_fp32 = Fix("Keep fp32 master weights", without(settings))
    values = {"option": path[-1], "needed": needed}
    return Problem("DSP014", values, settings, fixes=(fix, keep_fp32))


CHECKS: tuple[Check, ...] = (stage_missing, offload_missing, states_without_weights, both_kinds)
