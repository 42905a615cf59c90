"""ZenFlow without ZeRO, and intervals of it that do not fit together.

Read from deepspeed 0.19.8 runtime/zenflow/engine.py and engine_stage3.py (configure_zenflow),
zenflow_stage_1_and_2.py; each was tried at stages 0 to 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import JobSpec

BLOCK: Path = ("zero_optimization", "zenflow")


def zenflow_without_zero(spec: JobSpec) -> Iterator[Problem]:
    """The optimizer of stage 0 knows nothing of ZenFlow, and the first step raises."""
    if _is_on(spec) and stage(spec) == 0:
        remove = Fix("Remove zenflow", put(BLOCK, None))
        yield _problem(spec, BLOCK, "needs ZeRO stage 1, 2 or 3", (remove,))


def zenflow_intervals(spec: JobSpec) -> Iterator[Problem]:
    """``select_interval`` is a number with a fixed strategy, and only then."""
    if not _is_on(spec) or stage(spec) not in (1, 2, 3):
        return
    strategy, select = _option(spec, "select_strategy"), _option(spec, "select_interval")
    update, path = _option(spec, "update_interval"), (*BLOCK, "select_interval")
    if strategy == "auto" and isinstance(select, int):
        fix = Fix("Leave select_interval to ZenFlow", put(path, None))
        yield _problem(spec, path, 'takes no select_interval with select_strategy "auto"', (fix,))
    elif strategy in ("step", "epoch") and select == "auto":
        fix = Fix('Let ZenFlow choose both: select_strategy "auto"', _strategy("auto"))
        what = f'needs a number for select_interval with select_strategy "{strategy}"'
        yield _problem(spec, (*BLOCK, "select_strategy"), what, (fix,))
    elif strategy == "step" and _is_shorter(select, update):
        fix = Fix(f"Select every {update} steps", put(path, update))
        what = f"needs select_interval {select} to be at least update_interval {update}"
        yield _problem(spec, path, what, (fix,))


def _is_shorter(select: Any, update: Any) -> bool:
    return isinstance(select, int) and isinstance(update, int) and 0 != select < update


def _strategy(name: str) -> dict[str, Any]:
    return put((*BLOCK, "select_strategy"), name)


def _is_on(spec: JobSpec) -> bool:
    return isinstance(spec.raw(BLOCK), dict) and spec.schema.block(BLOCK) is not None


def _option(spec: JobSpec, name: str) -> Any:
    return value(spec, (*BLOCK, name))


def _problem(spec: JobSpec, path: Path, what: str, fixes: tuple[Fix, ...]) -> Problem:
    setting = spec.setting(path) or spec.setting(BLOCK)
    return Problem("DSC084", {"what": what}, (setting,) if setting else (), fixes=fixes)


CHECKS: tuple[Check, ...] = (zenflow_without_zero, zenflow_intervals)
