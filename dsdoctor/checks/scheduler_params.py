"""Names and values under ``scheduler.params`` that the scheduler cannot be built with.

Read from deepspeed 0.19.8 runtime/lr_schedules.py, and of 0.14.5 to 0.18.9; each was tried.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.built import found, written_params
from dsdoctor.checks.meaning import number
from dsdoctor.checks.modes import line
from dsdoctor.checks.near_names import near
from dsdoctor.checks.patches import joined, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.scheduler import KIND, NEED_OBJECTS, is_own, scheduler, weight
from dsdoctor.checks.wording import shown
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, Setting, path_of
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

PARAMS: Path = ("scheduler", "params")
STEPS = ("warmup_num_steps", "lr_range_test_step_size")
"""Whole numbers above 0, from 0.19.6 on; before, only text and null failed."""

WANTED = {"cycle_first_step_size": "above 0", "cycle_second_step_size": "0 or more"}

FILLED = ("total_num_steps", "warmup_num_steps", "warmup_min_lr", "warmup_max_lr")
NOT_NUMBERS = ("warmup_type", "last_batch_iteration", "milestones", "scale_fn")
"""Params that are no numbers, or that nobody computes with."""

OTHERS_NAMES = {
    "warmup_steps": "warmup_num_steps",
    "num_warmup_steps": "warmup_num_steps",
    "total_steps": "total_num_steps",
    "num_training_steps": "total_num_steps",
    "max_steps": "total_num_steps",
    "max_lr": "warmup_max_lr",
    "min_lr": "warmup_min_lr",
    "lr": "warmup_max_lr",
}


def missing_params(spec: JobSpec) -> Iterator[Problem]:
    """An argument without a default, or no params at all."""
    one = scheduler(spec)
    params = spec.raw(PARAMS)
    if one is None or spec.raw(KIND) in NEED_OBJECTS:
        return
    name = str(spec.raw(KIND))
    if params is MISSING and not one.required:
        fix = Fix("Add empty params", put(PARAMS, {}))
        values = {"scheduler": name, "key": "scheduler.params, be it empty"}
        yield Problem("DSC031", values, found(spec, KIND), weight(spec), fixes=(fix,))
    for key in one.required if params is MISSING or isinstance(params, dict) else ():
        if params is MISSING or key not in params:
            values = {"scheduler": name, "key": f"scheduler.params.{key}"}
            fixes = tuple(_filling(spec, key))
            at = found(spec, PARAMS) or found(spec, KIND)
            yield Problem("DSC031", values, at, weight(spec), fixes=fixes)


def _filling(spec: JobSpec, key: str) -> Iterator[Fix]:
    """Under the Trainer somebody knows the number of steps; elsewhere a person does."""
    if key in FILLED and spec.filler is not Filler.NONE:
        yield Fix(f'Write "auto" for {key}; the Trainer fills it', put((*PARAMS, key), "auto"))
    elif key == "total_num_steps":
        yield Fix("Name the number of optimizer steps, say 10000", put((*PARAMS, key), 10000))


def unknown_params(spec: JobSpec) -> Iterator[Problem]:
    """Params that are no arguments of the scheduler."""
    one, params = scheduler(spec), spec.raw(PARAMS)
    if one is None or not isinstance(params, dict):
        return
    for name in params:
        setting = spec.setting((*PARAMS, name))
        if setting is None or name in one.accepted:
            continue
        fixes = [
            Fix(
                f"Write {other} instead of {name}",
                joined(put((*PARAMS, name), None), put((*PARAMS, other), setting.value)),
            )
            for other in near(name, sorted(one.accepted), OTHERS_NAMES)
            if other not in params
        ]
        fixes.append(Fix(f"Remove {name}", put((*PARAMS, name), None)))
        values = {"scheduler": str(spec.raw(KIND)), "key": name}
        yield Problem("DSC032", values, (setting,), weight(spec), fixes=tuple(fixes))


def not_numbers(spec: JobSpec) -> Iterator[Problem]:
    """Text, null or an object where the scheduler computes."""
    one = scheduler(spec)
    if one is None or spec.raw(KIND) in NEED_OBJECTS:
        return
    for setting in written_params(spec, "scheduler"):
        name, written = path_of(setting.name)[-1], setting.value
        if name not in one.accepted or not (is_own(one) or isinstance(written, str)):
            continue
        default = one.params.get(name, 0.0)
        if name == "warmup_max_lr" and line(spec) >= (0, 17):
            default = None  # the optimizer's own rate, whatever the default is
        if not _is_fine(default, name, written):
            yield _not_number(spec, setting, name)


def _is_fine(default: Any, name: str, written: Any) -> bool:
    if name in NOT_NUMBERS or isinstance(default, (bool, str)):
        return True
    if isinstance(written, (int, float)):
        return True
    if written is None:
        return default is None
    if name.startswith("cycle_") and name.endswith("_step_size") and isinstance(written, str):
        return number(written) is not None
    by_group = name.endswith(("_lr", "_mom")) and isinstance(written, list)
    return by_group and all(isinstance(item, (int, float)) for item in written)


def _not_number(spec: JobSpec, setting: Setting, name: str) -> Problem:
    path = (*PARAMS, name)
    meant = number(setting.value) if isinstance(setting.value, str) else None
    if meant is not None:
        fix = Fix(f"Write {shown(meant)} for {name}", put(path, meant), safe=True)
    else:
        fix = Fix(f"Remove {name}; it has a default", put(path, None))
    values = {"key": name, "value": shown(setting.value)}
    return Problem("DSC008", values, (setting,), weight(spec), fixes=(fix,))


def steps_not_positive(spec: JobSpec) -> Iterator[Problem]:
    """0 or a fraction of a step; text has been told of."""
    one = scheduler(spec)
    if one is None or not is_own(one) or spec.schema.line != "0.19":
        return
    for setting in written_params(spec, "scheduler"):
        name, written = path_of(setting.name)[-1], setting.value
        if name in one.accepted and isinstance(written, (int, float)) and _refused(name, written):
            yield _not_positive(spec, setting, name)


def _refused(name: str, written: float) -> bool:
    if name in STEPS:
        return not isinstance(written, int) or written <= 0
    if name == "cycle_first_step_size":
        return written <= 0
    return name == "cycle_second_step_size" and written < 0


def _not_positive(spec: JobSpec, setting: Setting, name: str) -> Problem:
    right = max(1, round(setting.value)) if math.isfinite(setting.value) else 1
    fix = Fix(f"Write {right} for {name}", put((*PARAMS, name), right), safe=right == setting.value)
    wanted = WANTED.get(name, "a whole number above 0")
    values = {"key": name, "value": shown(setting.value), "wanted": wanted}
    return Problem("DSC033", values, (setting,), weight(spec), fixes=(fix,))


TYPES = ("log", "linear")


def warmup_type(spec: JobSpec) -> Iterator[Problem]:
    """A curve that does not exist: DeepSpeed takes the logarithmic one."""
    one, path = scheduler(spec), (*PARAMS, "warmup_type")
    setting = spec.setting(path)
    if one is None or setting is None or path[-1] not in one.accepted or setting.value in TYPES:
        return
    raises = isinstance(setting.value, (list, dict))
    usual = "log" if setting.value is None else "linear"
    fix = Fix(f"Write {usual}", put(path, usual), safe=setting.value is None)
    severity = Severity.WARNING if setting.value is None else Severity.ERROR
    if raises:
        severity = weight(spec) or Severity.FATAL
    yield Problem("DSC162", {"value": shown(setting.value)}, (setting,), severity, fixes=(fix,))


CHECKS: tuple[Check, ...] = (
    missing_params,
    unknown_params,
    not_numbers,
    steps_not_positive,
    warmup_type,
)
