"""Batch sizes that are text, zero, negative or no whole numbers.

Read from deepspeed 0.19.8 runtime/config.py: _set_batch_related_parameters, _batch_assertion; and
runtime/engine.py: is_gradient_accumulation_boundary.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.meaning import corrections
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.values import BATCH
from dsdoctor.checks.wording import kind, shown
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

STEPS = "gradient_accumulation_steps"


def batch_values(spec: JobSpec) -> Iterator[Problem]:
    """Each batch key that is there, by itself."""
    for item in written_keys(spec):
        if item.path[0] in BATCH and item.value is not None and item.value != "auto":
            yield from _judged(item)


def _judged(item: Written) -> Iterator[Problem]:
    value = item.value
    if not isinstance(value, (int, float)):
        yield _problem("DSC004", item)
    elif value <= 0:
        fix = Fix(f"Set {item.name} to 1", put(item.path, 1))
        yield _problem("DSC003", item, fixes=(fix, *corrections(item)))
    elif isinstance(value, bool):
        fix = Fix(f"Write 1 for {item.name}", put(item.path, 1), safe=True)
        yield _problem("DSC080", item, Severity.WARNING, (fix,))
    elif isinstance(value, float):
        yield _fraction(item, value)


def _fraction(item: Written, value: float) -> Problem:
    """A fraction of accumulation steps moves the optimizer step to another micro batch."""
    severity = Severity.ERROR if item.name == STEPS else Severity.WARNING
    whole = max(1, round(value))
    return _problem(
        "DSC080", item, severity, (Fix(f"Set {item.name} to {whole}", put(item.path, whole)),)
    )


def _problem(
    code: str, item: Written, severity: Severity | None = None, fixes: tuple[Fix, ...] = ()
) -> Problem:
    values = {
        "key": item.name,
        "which": item.name,
        "value": shown(item.value),
        "type": kind(item.value),
    }
    return Problem(code, values, (item.setting,), severity, fixes=fixes or corrections(item))


CHECKS: tuple[Check, ...] = (batch_values,)
