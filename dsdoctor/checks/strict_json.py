"""Files that DeepSpeed reads, being Hjson, and the Hugging Face integrations do not.

Read from accelerate 1.15 utils/deepspeed.py (HfDeepSpeedConfig.__init__: ``json.load`` of a file
opened as UTF-8), which transformers 5.23 uses too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from dsdoctor.checks.problem import Check, Problem
from dsdoctor.job.place import Setting
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

READERS = {Filler.TRAINER: "the Trainer", Filler.ACCELERATE: "Accelerate"}


def not_strict_json(spec: JobSpec) -> Iterator[Problem]:
    """A comment, a trailing comma, a key without quotes: an error to Python's ``json``."""
    error = spec.config.strict_error
    if error is None or not _is_refused(spec.config.text):
        return
    place, reason = error
    reader = READERS.get(spec.filler)
    effect = f"{reader} stops at it" if reader else "the Trainer and Accelerate would stop at it"
    values = {"reason": reason, "row": str(place.line), "column": str(place.column)}
    yield Problem(
        "DSC018",
        {**values, "effect": effect},
        (Setting("", reason, place),),
        None if reader else Severity.INFO,
    )


def _is_refused(text: str) -> bool:
    """NaN and Infinity are no JSON either, but Python reads them."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


CHECKS: tuple[Check, ...] = (not_strict_json,)
