"""Features of ``data_efficiency`` that are on without what they need.

Read from deepspeed 0.19.8 runtime/data_pipeline/config.py (get_curriculum_learning,
get_dynamic_batching) and data_pipeline/data_routing/scheduler.py; each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.checks.meaning import number
from dsdoctor.checks.patches import listed, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.place import Path, Setting, dotted
from dsdoctor.job.spec import JobSpec

SAMPLING: Path = ("data_efficiency", "data_sampling")
CURRICULUM: Path = (*SAMPLING, "curriculum_learning")
BATCHING: Path = (*SAMPLING, "dynamic_batching")
RANDOM_LTD: Path = ("data_efficiency", "data_routing", "random_ltd")
NEEDS: Mapping[Path, tuple[str, ...]] = {
    CURRICULUM: ("curriculum_metrics",),
    BATCHING: ("max_tokens",),
    RANDOM_LTD: ("total_layer_num", "random_ltd_layer_num", "random_ltd_schedule"),
}
"""The features that start even where data_efficiency is off, and what each needs."""


def required_keys(spec: JobSpec) -> Iterator[Problem]:
    """Keys without which the feature does not start."""
    for path, names in NEEDS.items():
        block = spec.raw(path)
        if (
            spec.schema.block(path) is None
            or not isinstance(block, dict)
            or not block.get("enabled")
        ):
            continue
        if missing := [name for name in names if name not in block]:
            off = Fix(f"Switch {dotted(path)} off", put((*path, "enabled"), False))
            values = {"block": dotted(path), "key": listed(missing)}
            yield Problem("DSC085", values, _at(spec, (*path, "enabled")), fixes=(off,))


INTEGERS = ("min_batch_size", "max_batch_size")


def dynamic_batch_sizes(spec: JobSpec) -> Iterator[Problem]:
    """``int()`` is called on them, whether the feature is on or not."""
    block = spec.raw(BATCHING)
    if spec.schema.block(BATCHING) is None or not isinstance(block, dict):
        return
    names = (*INTEGERS, "max_tokens") if block.get("enabled") else INTEGERS
    for name in names:
        if name in block and not _becomes_integer(block[name]):
            yield _not_integer(spec, (*BATCHING, name), block[name])


def _becomes_integer(value: Any) -> bool:
    try:
        int(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _not_integer(spec: JobSpec, path: Path, written: Any) -> Problem:
    read = number(written) if isinstance(written, str) else None
    if isinstance(read, int):
        fix = Fix(f"Write {read} for {path[-1]}", put(path, read), safe=True)
    else:
        fix = Fix(f"Remove {path[-1]}", put(path, None), safe=written is None)
    values = {"key": dotted(path), "value": shown(written), "wanted": "a whole number"}
    return Problem("DSC082", values, _at(spec, path), fixes=(fix,))


def _at(spec: JobSpec, path: Path) -> tuple[Setting, ...]:
    setting = spec.setting(path)
    return (setting,) if setting else ()


CHECKS: tuple[Check, ...] = (required_keys, dynamic_batch_sizes)
