"""Values in quotes that DeepSpeed converts, and that other readers of the file do not.

Read from accelerate 1.15 utils/deepspeed.py (HfDeepSpeedConfig.set_stage_and_offload, is_zero3)
and transformers 5.23 integrations/deepspeed.py (fill_match).
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.resolve import STAGE
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

TYPES = ("bool", "int", "float", "choice")


def quoted_values(spec: JobSpec) -> Iterator[Problem]:
    """``"true"``, ``"2"``: accepted by the blocks that convert."""
    for item in written_keys(spec):
        if item.key.checked and item.key.type in TYPES and isinstance(item.value, str):
            accepted, value = coerce(item.key, item.value)
            if accepted and not isinstance(value, str):
                yield _problem(spec, item, value)


def _problem(spec: JobSpec, item: Written, value: object) -> Problem:
    by_others = item.known == STAGE and spec.filler is not Filler.NONE
    values = {
        "key": item.name,
        "value": shown(item.value),
        "result": shown(value),
        "effect": "the Trainer and Accelerate compare it with a number and see no such stage"
        if by_others
        else "other programs that read the file may not",
    }
    severity = Severity.ERROR if by_others else Severity.INFO
    fix = Fix(f"Write {shown(value)} for {item.name}", put(item.path, value), safe=True)
    return Problem("DSC083", values, (item.setting,), severity, fixes=(fix,))


CHECKS: tuple[Check, ...] = (quoted_values,)
