"""Gradient clipping that nobody asked for, or that does not arrive.

Read from deepspeed 0.19.8 runtime/constants.py (GRADIENT_CLIPPING_DEFAULT), which was 0 up to
0.18.9; transformers 5.23 trainer.py and accelerate 1.15 accelerator.py (clip_grad_norm_).
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

CLIPPING: Path = ("gradient_clipping",)


def clipping_not_given(spec: JobSpec) -> Iterator[Problem]:
    """The default decides; what the Trainer was told is not looked at."""
    default = spec.schema.default(CLIPPING)
    if spec.raw(CLIPPING) is not MISSING or not isinstance(default, (int, float)):
        return
    values = {
        "does": f"clips at {default:g}" if default else "does not clip",
        "version": spec.schema.version,
    }
    asked = spec.argument("max_grad_norm") if spec.filler is Filler.TRAINER else None
    if asked is not None and asked.value != default:
        values["asked"] = str(asked.value)
        fix = Fix('Write "auto", which the Trainer fills', put(CLIPPING, "auto"))
        yield Problem("DSC173", values, (asked,), Severity.ERROR, fixes=(fix,))
    elif default:
        yield Problem("DSC173", values)


CHECKS: tuple[Check, ...] = (clipping_not_given,)
