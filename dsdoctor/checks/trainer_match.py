"""Values that the Hugging Face Trainer compares with its arguments, and stops if they differ.

Read from transformers 5.23 integrations/deepspeed.py (HfTrainerDeepSpeedConfig); each was tried.
It compares what is written, in Python's way: true in quotes is not true.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.filling import ARGUMENT_OF, filled, trainer_argument
from dsdoctor.job.gap import MISSING, UNKNOWN, known
from dsdoctor.job.place import Path, Setting, dotted
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.job.training_fields import Kind, kind_of, typed

TRAIN: Path = ("train_batch_size",)
MICRO: Path = ("train_micro_batch_size_per_gpu",)
BETAS: Path = ("optimizer", "params", "betas")
WARMUP: Path = ("scheduler", "params", "warmup_num_steps")
TOTAL: Path = ("scheduler", "params", "total_num_steps")

NAMES: dict[Path, tuple[str, ...]] = {
    **{path: (name,) for path, name in ARGUMENT_OF.items()},
    ("fp16", "enabled"): ("fp16", "fp16_full_eval"),
    ("bf16", "enabled"): ("bf16", "bf16_full_eval"),
    TRAIN: ("per_device_train_batch_size", "gradient_accumulation_steps"),
    BETAS: ("adam_beta1", "adam_beta2"),
    WARMUP: ("warmup_steps", "warmup_ratio"),
    TOTAL: ("max_steps",),
}
"""The arguments behind each compared key."""


def mismatches(spec: JobSpec) -> Iterator[Problem]:
    """Each pair that differs. An argument that nobody knows is not compared."""
    if spec.filler is not Filler.TRAINER:
        return
    for path in NAMES:
        written, wanted = spec.config.get(path, MISSING), _wanted(spec, path)
        if written in (MISSING, None, "auto") or wanted is UNKNOWN or _same(path, written, wanted):
            continue
        yield _problem(spec, path, wanted)


def _wanted(spec: JobSpec, path: Path) -> Any:
    """What the Trainer would write there; ``UNKNOWN`` if that is not to be told."""
    if path in (TRAIN, MICRO) and _argument(spec, "auto_find_batch_size") is True:
        return UNKNOWN
    if path == BETAS:
        betas = [_argument(spec, name) for name in NAMES[BETAS]]
        return betas if all(map(known, betas)) else UNKNOWN
    if path == WARMUP:
        return _warmup(spec)
    if path == TOTAL:
        return _total(spec)
    if path == TRAIN or len(NAMES[path]) == 2:
        return filled(spec, path)
    return _argument(spec, NAMES[path][0])


def _argument(spec: JobSpec, name: str) -> Any:
    """The argument with the type of its field: text in a file becomes a number."""
    found = trainer_argument(spec, name)
    if not isinstance(found, str):
        return found
    found = typed(kind_of(name) or Kind.TEXT, found)
    return UNKNOWN if isinstance(found, str) else found


def _total(spec: JobSpec) -> Any:
    """The number of steps depends on the data, unless somebody sets it."""
    steps = _argument(spec, "max_steps")
    return steps if isinstance(steps, int) and steps > 0 else UNKNOWN


def _warmup(spec: JobSpec) -> Any:
    """Steps, or from below 1 a share of all steps; 0 where nobody asks for a warmup."""
    steps, share = _given(spec, "warmup_steps"), _given(spec, "warmup_ratio")
    if not isinstance(steps, (int, float)) or not isinstance(share, (int, float)):
        return UNKNOWN
    if steps >= 1:
        return int(steps)
    share, total = steps or share, _total(spec)
    if share <= 0:
        return 0
    return UNKNOWN if total is UNKNOWN else max(1, math.ceil(total * share))


def _given(spec: JobSpec, name: str) -> Any:
    """An argument whose default is 0, be it written as null."""
    found = _argument(spec, name)
    left_out = spec.arguments_given and spec.argument(name) is None
    return 0 if left_out or found is None else found


def _same(path: Path, written: Any, wanted: Any) -> bool:
    """No warmup is 1 to transformers 5.23, whose scheduler refuses 0, and 0 to version 4."""
    return bool(written == wanted) or (path == WARMUP and wanted == 0 and written == 1)


def _problem(spec: JobSpec, path: Path, wanted: Any) -> Problem:
    place = spec.place(path)
    setting = Setting(dotted(path), spec.config.get(path), place)
    given = [found for name in NAMES[path] if (found := spec.argument(name))]
    names = " x ".join(NAMES[path]) if path == TRAIN else "|".join(NAMES[path])
    values = {
        "key": dotted(path),
        "config": f"{shown(setting.value)} in {place}",
        "argument": f"{names} x {spec.ranks} ranks" if path == TRAIN else names,
        "value": shown(wanted) + (f" in {given[0].place}" if given else " by default"),
    }
    fix = Fix(f'Write "auto" for {dotted(path)}; the argument then counts', put(path, "auto"))
    keep = Fix(f"Write {shown(wanted)} for {dotted(path)}", put(path, wanted))
    return Problem("DSC051", values, (setting, *given), fixes=(fix, keep))


CHECKS: tuple[Check, ...] = (mismatches,)
