"""The type in which the script loads the model against the type in which DeepSpeed trains it.

Read from deepspeed 0.19.8 runtime/engine.py (_configure_distributed_model), and tried: with fp16
or bf16 on, DeepSpeed converts whatever it is given; with neither, it takes the model as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.modes import NAMES, autocast, model_type, proof
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity

ON = {"fp16": "fp16.enabled", "bf16": "bf16.enabled"}


def model_dtype(spec: JobSpec) -> Iterator[Problem]:
    """A model in one 16-bit type, trained in another, or without fp32 master weights."""
    setting = spec.model.get("dtype")
    loaded, trained = NAMES.get(str(setting.value)) if setting else None, model_type(spec)
    if setting is None or loaded not in ON or trained is None or trained == loaded:
        return
    if trained == "fp32" and autocast(spec):
        return
    other = "bf16" if loaded == "fp16" else "fp16"
    fix = Fix(f"Train in {loaded}", put((loaded, "enabled"), True) | _off(spec, other))
    values = {"dtype": str(setting.value), "effect": _effect(trained)}
    yield Problem(
        "DSP032",
        values,
        (setting, *proof(spec, other)),
        Severity.INFO if trained == "bf16" else None,
        Confidence.LIKELY,
        (fix,),
    )


def _off(spec: JobSpec, name: str) -> dict[str, dict[str, bool]]:
    return {name: {"enabled": False}} if spec.config.has((name,)) else {}


def _effect(trained: str) -> str:
    if trained == "fp32":
        return (
            "neither fp16 nor bf16 is on: no fp32 master weights are kept, small updates are lost"
        )
    if trained == "fp16":
        return "fp16 is on: weights beyond 65504 become infinite, small ones zero"
    return "bf16 is on: the weights are rounded to fewer digits"


CHECKS: tuple[Check, ...] = (model_dtype,)
