"""Top-level values that nobody checks when the file is read, and that stop the job later.

Read from deepspeed 0.19.8 runtime/engine.py (_take_model_step, allreduce_bucket), __init__.py
(initialize), runtime/config.py (_do_warning_check), utils/logging.py; each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsdoctor.checks.meaning import corrections
from dsdoctor.checks.modes import line
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import kind, shown, wanted
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.gap import MISSING
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

LEVELS = ("debug", "info", "warning", "error", "critical")


def print_interval(spec: JobSpec) -> Iterator[Problem]:
    """``steps_per_print`` divides the step number; null is fine from 0.15 on."""
    item = _item(spec, "steps_per_print")
    if item is None or (item.value is None and line(spec) >= (0, 15)):
        return
    if not is_number(item.value) or item.value == 0:
        yield late_problem("DSC006", item)


def clipping(spec: JobSpec) -> Iterator[Problem]:
    """``gradient_clipping`` is compared with 0 in every step."""
    item = _item(spec, "gradient_clipping")
    if item is None:
        return
    if item.value is None:
        off = Fix("Switch clipping off", put(item.path, 0))
        yield replace(late_problem("DSC005", item), fixes=(off, *_unsafe(item)))
    elif not is_number(item.value):
        yield late_problem("DSC005", item)
    elif isinstance(item.value, bool) or item.value < 0:
        yield _odd_clipping(item)


def _odd_clipping(item: Written) -> Problem:
    norm = 1.0 if item.value is True else 0
    effect = "clips at a norm of 1" if item.value is True else "does not clip"
    values = {"key": item.name, "value": shown(item.value), "effect": effect}
    fix = Fix(f"Write {shown(norm)} for {item.name}", put(item.path, norm), safe=True)
    return Problem("DSC089", values, (item.setting,), fixes=(fix,))


def predivide_factor(spec: JobSpec) -> Iterator[Problem]:
    """``gradient_predivide_factor`` in quotes is never equal to 1.0."""
    item = _item(spec, "gradient_predivide_factor")
    if item is None:
        return
    if not is_number(item.value):
        ignored = stage(spec) == 1 and value(spec, ("zero_optimization", "reduce_scatter")) is True
        yield late_problem("DSC082", item, Severity.ERROR if ignored else None)
    elif item.value == 0 and stage(spec) == 0 and not value(spec, ("prescale_gradients",)):
        yield late_problem("DSC082", item)


def log_level(spec: JobSpec) -> Iterator[Problem]:
    """``log_level`` must be one of five words."""
    item = _item(spec, "log_level")
    if item is None or item.value is None or str(item.value).lower() in LEVELS:
        return
    found = late_problem("DSC082", item)
    yield replace(found, values={**found.values, "wanted": "one of " + ", ".join(LEVELS)})


def vocabulary(spec: JobSpec) -> Iterator[Problem]:
    """``vocabulary_size`` is divided by 8. Texts are refused when the file is read."""
    item = _item(spec, "vocabulary_size")
    if item is None:
        return
    if isinstance(item.value, (list, dict)) and item.value:
        yield late_problem("DSC082", item)
    elif isinstance(item.value, int) and item.value % 8:
        larger = -(-item.value // 8) * 8
        values = {"size": str(item.value), "larger": str(larger)}
        yield Problem("DSC090", values, (item.setting,))


def sequence_parallel(spec: JobSpec) -> Iterator[Problem]:
    """The world size is divided by ``sequence_parallel_size``; null is a value there."""
    item = _item(spec, "sequence_parallel_size")
    if item is not None and line(spec) >= (0, 17) and (not is_number(item.value) or not item.value):
        yield late_problem("DSC082", item)


def _item(spec: JobSpec, name: str) -> Written | None:
    """The top-level key, if it is written and its value is accepted on sight."""
    if spec.raw((name,)) in (MISSING, "auto"):
        return None
    return next((item for item in written_keys(spec) if item.path == (name,)), None)


def is_number(item: object) -> bool:
    """true counts: Python calculates with it."""
    return isinstance(item, (int, float))


def _unsafe(item: Written) -> tuple[Fix, ...]:
    return tuple(replace(fix, safe=False) for fix in corrections(item))


def late_problem(code: str, item: Written, severity: Severity | None = None) -> Problem:
    """The value, what it is and what is wanted instead."""
    values = {
        "key": item.name,
        "value": shown(item.value),
        "type": kind(item.value),
        "wanted": wanted(item.key),
    }
    return Problem(code, values, (item.setting,), severity, fixes=corrections(item))


CHECKS: tuple[Check, ...] = (
    print_interval,
    clipping,
    predivide_factor,
    log_level,
    vocabulary,
    sequence_parallel,
)
