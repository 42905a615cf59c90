"""Schedulers that DeepSpeed does not have, or cannot build for this job.

Read from deepspeed 0.19.8 runtime/engine.py (_scheduler_from_config, _configure_lr_scheduler) and
torch 2.13 optim/lr_scheduler.py; each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import found
from dsdoctor.checks.modes import mode
from dsdoctor.checks.near_names import near
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage
from dsdoctor.job.schema.keys import Scheduler
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

KIND: Path = ("scheduler", "type")
REMOVE = Fix("Remove the scheduler and leave it to the script", {"scheduler": None})

OTHERS_NAMES = {
    "cosine": "WarmupCosineLR",
    "cosine_with_restarts": "WarmupCosineLR",
    "linear": "WarmupDecayLR",
    "linearlr": "LinearLR",
    "polynomial": "WarmupDecayLR",
    "constant_with_warmup": "WarmupLR",
    "constant": "WarmupLR",
    "warmup": "WarmupLR",
    "warmupdecay": "WarmupDecayLR",
    "warmupcosine": "WarmupCosineLR",
    "cosineannealingwarmuplr": "WarmupCosineLR",
}
"""Names of the Hugging Face Trainer, and short ones."""

NEED_OBJECTS = ("LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler")
"""Their arguments are functions or schedulers, which no JSON holds."""

NEEDS_METRIC = "ReduceLROnPlateau"


def scheduler(spec: JobSpec) -> Scheduler | None:
    """What ``scheduler.type`` names, if this DeepSpeed and torch have it."""
    kind = spec.raw(KIND)
    return spec.schema.schedulers.get(kind) if isinstance(kind, str) else None


def is_own(one: Scheduler) -> bool:
    """One of DeepSpeed's, not of torch's?"""
    return one.class_.startswith("deepspeed.")


def unknown_scheduler(spec: JobSpec) -> Iterator[Problem]:
    """A type that is neither DeepSpeed's nor torch's; the case counts."""
    kind = spec.raw(KIND)
    if kind in (MISSING, None) or scheduler(spec) is not None:
        return
    name = kind if isinstance(kind, str) else shown(kind)
    likely = near(name, spec.schema.schedulers, OTHERS_NAMES)
    likely = [one for one in likely if one not in (*NEED_OBJECTS, NEEDS_METRIC)]
    fixes = [Fix(f"Use {one}", put(KIND, one)) for one in likely]
    values = {"name": name or '""', "version": spec.schema.version}
    if likely:
        values["near"] = " or ".join(likely)
    yield Problem("DSC030", values, found(spec, KIND), weight(spec), fixes=(*fixes, REMOVE))


def weight(spec: JobSpec) -> Severity | None:
    """None for the page's own. Where only an optimizer of the script could have the scheduler
    built, it either stops DeepSpeed or is never built at all.
    """
    return None if has_optimizer(spec) else Severity.ERROR


def has_optimizer(spec: JobSpec) -> bool:
    """Will there surely be an optimizer, so that DeepSpeed builds the scheduler?"""
    named = spec.raw(("optimizer", "type")) not in (MISSING, None)
    return named or stage(spec) in (1, 2) or spec.filler is Filler.TRAINER


def torch_scheduler(spec: JobSpec) -> Iterator[Problem]:
    """Torch's schedulers want a torch optimizer; what ZeRO and 16 bit wrap around it is none."""
    one = scheduler(spec)
    if one is None or is_own(one):
        return
    wrapper = _wrapper(spec)
    if wrapper:
        own = Fix("Use one of DeepSpeed's: WarmupLR", put(KIND, "WarmupLR"))
        values = {"name": str(spec.raw(KIND)), "optimizer": wrapper}
        fixes = (REMOVE, own)
        yield Problem("DSE042", values, found(spec, KIND), weight(spec), fixes=fixes)
    elif spec.raw(KIND) in NEED_OBJECTS:
        values = {"name": str(spec.raw(KIND)), "reason": "its arguments are Python objects"}
        yield Problem("DSC030", values, found(spec, KIND), weight(spec), fixes=(REMOVE,))
    elif spec.raw(KIND) == NEEDS_METRIC:
        reason = "DeepSpeed hands it the batch size in place of a metric"
        values = {"name": NEEDS_METRIC, "reason": reason}
        yield Problem("DSC030", values, found(spec, KIND), Severity.ERROR, fixes=(REMOVE,))


def _wrapper(spec: JobSpec) -> str:
    """The class that DeepSpeed hands to the scheduler, where that is no torch optimizer."""
    at = stage(spec)
    if at == 3:
        return "DeepSpeedZeroOptimizer_Stage3"
    if at in (1, 2):
        return "DeepSpeedZeroOptimizer"
    if at == 0 and (mode(spec, "fp16") is True or mode(spec, "bf16") is True):
        return "FP16_Optimizer"
    return ""


def scheduler_without_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """DeepSpeed looks at ``scheduler`` only where there is an optimizer."""
    if scheduler(spec) is None or spec.filler is not Filler.NONE or has_optimizer(spec):
        return
    fix = Fix(
        "Add an optimizer, if the script passes none",
        {"optimizer": {"type": "AdamW", "params": {"lr": 1e-5}}},
    )
    yield Problem(
        "DSC156",
        {"name": str(spec.raw(KIND))},
        found(spec, KIND),
        confidence=Confidence.POSSIBLE,
        fixes=(fix, REMOVE),
    )


CHECKS: tuple[Check, ...] = (unknown_scheduler, torch_scheduler, scheduler_without_optimizer)
