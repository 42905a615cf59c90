"""``data_types`` against the precision that is on.

Read from deepspeed 0.19.8 runtime/engine.py: _assert_valid_mixed_precision_config,
_do_optimizer_sanity_check.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.modes import ACCUMULATION, model_type, named_type
from dsdoctor.checks.patches import put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

PARAM: Path = ("data_types", "param_dtype")


def param_type(spec: JobSpec) -> Iterator[Problem]:
    """``param_dtype`` must name the type that fp16 or bf16 sets."""
    if spec.schema.key(PARAM) is not None:
        yield from _conflict(spec, PARAM, Severity.FATAL)


def accumulation_type(spec: JobSpec) -> Iterator[Problem]:
    """Without ZeRO the accumulation type must be the model's; fp16 and bf16 never mix well."""
    at = stage(spec)
    if at == 0:
        yield from _conflict(spec, ACCUMULATION, Severity.FATAL)
    elif at in (1, 2, 3) and named_type(spec, ACCUMULATION) != "fp32":
        yield from _conflict(spec, ACCUMULATION, Severity.WARNING)


def _conflict(spec: JobSpec, path: Path, severity: Severity) -> Iterator[Problem]:
    asked, model, setting = named_type(spec, path), model_type(spec), spec.setting(path)
    if asked is None or model is None or setting is None or asked == model:
        return
    remove = Fix(f"Remove {path[-1]}: DeepSpeed then takes {model}", without([setting]))
    fixes: tuple[Fix, ...] = (remove,)
    if model == "fp32" and asked in ("fp16", "bf16"):
        fixes += (Fix(f"Train in {asked}", put((asked, "enabled"), True)),)
    yield Problem(
        "DSP019",
        {"key": path[-1], "other": asked, "model": model},
        (setting,),
        severity,
        fixes=fixes,
    )


CHECKS: tuple[Check, ...] = (param_type, accumulation_type)
