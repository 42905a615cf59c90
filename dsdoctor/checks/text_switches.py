"""Booleans written as text, where DeepSpeed does not look at types: any text counts as true.

Read from deepspeed 0.19.8 runtime/config.py (get_scalar_param keeps what is written) and
runtime/engine.py, where these keys are only ever asked for their truth.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.meaning import truth
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity


def text_as_true(spec: JobSpec) -> Iterator[Problem]:
    """``"false"`` is a text like any other, and so it switches on."""
    for item in written_keys(spec):
        if _is_open_switch(item) and isinstance(item.value, str) and item.value:
            yield _text(item)


def null_as_false(spec: JobSpec) -> Iterator[Problem]:
    """null does not bring back a default of true: it switches off."""
    for item in written_keys(spec):
        if _is_open_switch(item) and item.value is None and item.key.default is True:
            fixes = (
                Fix(f"Remove {item.name}, which is true by default", put(item.path, None)),
                Fix(f"Write false for {item.name}", put(item.path, False), safe=False),
            )
            yield Problem("DSC088", {"key": item.name}, (item.setting,), fixes=fixes)


def _is_open_switch(item: Written) -> bool:
    """A boolean that nobody checks, and no value of which is refused on sight."""
    return item.key.type == "bool" and not item.key.checked and coerce(item.key, item.value)[0]


def _text(item: Written) -> Problem:
    means = truth(item.value)
    values = {"key": item.name, "value": shown(item.value)}
    if means is None:
        fixes = tuple(
            Fix(f"Write {shown(one)} for {item.name}", put(item.path, one)) for one in (False, True)
        )
        return Problem("DSC081", values, (item.setting,), Severity.WARNING, fixes=fixes)
    # To correct "false" changes what the job does today, so it is no safe fix.
    fix = Fix(f"Write {shown(means)} for {item.name}", put(item.path, means), safe=means)
    severity = Severity.INFO if means else Severity.ERROR
    return Problem("DSC081", values, (item.setting,), severity, fixes=(fix,))


CHECKS: tuple[Check, ...] = (text_as_true, null_as_false)
