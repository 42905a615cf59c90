"""Blocks that are not mappings: ``"fp16": true``, ``"offload_optimizer": "cpu"``, null.

Read from deepspeed 0.19.8 runtime/config.py (DeepSpeedConfig._initialize_params) and tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.meaning import number, truth, word
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import kind, shown
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.gap import MISSING
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.spec import JobSpec


def blocks_not_mappings(spec: JobSpec) -> Iterator[Problem]:
    """Another kind of value where an object is needed."""
    for item in written_keys(spec):
        if item.is_block and not isinstance(item.value, dict) and _is_refused(spec, item):
            yield Problem(
                "DSC013",
                {"block": item.name, "type": kind(item.value), "value": shown(item.value)},
                (item.setting,),
                fixes=tuple(_fixes(spec, item)),
            )


def _is_refused(spec: JobSpec, item: Written) -> bool:
    if item.known == ("scheduler", "params"):
        return spec.raw(("scheduler", "type")) not in (MISSING, None)
    return not coerce(item.key, item.value)[0]


def _fixes(spec: JobSpec, item: Written) -> Iterator[Fix]:
    if (content := _meant(spec, item)) is not None:
        yield Fix(f"Write {shown(content)} for {item.name}", put(item.path, content), safe=True)
    elif item.known[-1] in ("optimizer", "scheduler") and isinstance(item.value, str):
        content = {"type": item.value.strip(), "params": {}}
        yield Fix(f"Name {item.name} by its type", put(item.path, content))
    else:
        empty = item.value in (None, False, [], "")
        yield Fix(f"Remove {item.name}", put(item.path, None), safe=empty)


def _meant(spec: JobSpec, item: Written) -> dict[str, Any] | None:
    """The block that a scalar can only stand for."""
    value = item.value
    if item.known == ("zero_optimization",) and not isinstance(value, bool):
        stage = number(str(value)) if isinstance(value, (int, float, str)) else None
        return {"stage": stage} if stage in (0, 1, 2, 3) else None
    if item.known[-1] in ("offload_optimizer", "offload_param") and isinstance(value, str):
        return {"device": word(value)} if word(value) in ("cpu", "nvme", "none") else None
    return _switch(spec, item)


def _switch(spec: JobSpec, item: Written) -> dict[str, Any] | None:
    """``true`` for a block that has a switch."""
    block = spec.schema.block(item.known)
    if block is None or block.find("enabled") is None:
        return None
    value = truth(item.value) if isinstance(item.value, str) else item.value
    return {"enabled": value} if isinstance(value, bool) else None


CHECKS: tuple[Check, ...] = (blocks_not_mappings,)
