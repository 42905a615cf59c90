"""The block ``activation_checkpointing``: who reads it, and what in it does not fit together.

Read from deepspeed 0.19.8 runtime/activation_checkpointing/checkpointing.py (configure): nobody
else reads the block; the engine does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.built import OFF, found
from dsdoctor.checks.patches import last_names, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.filling import trainer_argument
from dsdoctor.job.gap import MISSING, UNKNOWN
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

BLOCK: Path = ("activation_checkpointing",)
CONTIGUOUS: Path = (*BLOCK, "contiguous_memory_optimization")
PARTITION: Path = (*BLOCK, "partition_activations")
COUNT: Path = (*BLOCK, "number_checkpoints")


def _asking(spec: JobSpec) -> tuple[Setting, ...]:
    """The options that ask for something."""
    block = spec.raw(BLOCK)
    names = block if isinstance(block, Mapping) else ()
    paths = [(*BLOCK, name) for name in names if spec.schema.key((*BLOCK, name))]
    return tuple(item for item in found(spec, *paths) if item.value not in (*OFF, "auto"))


def nobody_reads(spec: JobSpec) -> Iterator[Problem]:
    """The block configures DeepSpeed's own checkpoint function and switches nothing on."""
    asking = _asking(spec)
    if not asking:
        return
    by_trainer = spec.filler is Filler.TRAINER
    values = {"keys": last_names(asking)}
    if by_trainer and _checkpointing(spec) in (False, None):
        values["also"] = "gradient_checkpointing of the TrainingArguments is off, too"
    remove = Fix("Remove activation_checkpointing", without([*found(spec, BLOCK)]), safe=True)
    yield Problem(
        "DSC175",
        values,
        asking,
        Severity.WARNING if by_trainer else Severity.INFO,
        Confidence.LIKELY if by_trainer else Confidence.POSSIBLE,
        (remove,) if by_trainer else (),
    )


def _checkpointing(spec: JobSpec) -> object:
    """``gradient_checkpointing`` as given; the default, false, if all arguments are known."""
    answer = trainer_argument(spec, "gradient_checkpointing")
    if answer is UNKNOWN and spec.arguments_given:
        return False
    return answer


def contiguous_needs_more(spec: JobSpec) -> Iterator[Problem]:
    """The contiguous buffer needs partitioned activations and their number."""
    if spec.raw(CONTIGUOUS) in (*OFF, "auto"):
        return
    if spec.raw(PARTITION) not in OFF and spec.raw(COUNT) not in (MISSING, None):
        return
    off = Fix("Switch the contiguous buffer off", put(CONTIGUOUS, False))
    yield Problem(
        "DSC045",
        {},
        found(spec, CONTIGUOUS, PARTITION, COUNT),
        Severity.WARNING,
        Confidence.LIKELY,
        (off,),
    )


CHECKS: tuple[Check, ...] = (nobody_reads, contiguous_needs_more)
