"""Optimizers that DeepSpeed does not have, or does not let run with this job's ZeRO stage.

Read from deepspeed 0.19.8 runtime/engine.py (_do_sanity_check, _configure_basic_optimizer,
_do_optimizer_sanity_check), zero/utils.py, zero/stage3.py; 1-bit optimizers from 0.18.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.built import OFF, PRETTY, TYPE, Chosen, chosen, found
from dsdoctor.checks.modes import mode
from dsdoctor.checks.near_names import near
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.schema.load import LINES, load_schema
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

STAGE: Path = ("zero_optimization", "stage")
SCATTER: Path = ("zero_optimization", "reduce_scatter")
ALLOW: Path = ("zero_allow_untested_optimizer",)
ADAMW = Fix("Use AdamW", put(TYPE, "AdamW"))
ONE_BIT = ("onebitadam", "onebitlamb", "zerooneadam")

TESTED = (*("adam", "adamw", "adagrad", "lion", "muon", "muadam", "muadamw"), *ONE_BIT)
"""What these build is on ZeRO's list, or has an assertion of its own."""

OTHERS_NAMES: Mapping[str, str] = {
    "fusedadam": "Adam",
    "deepspeedcpuadam": "AdamW",
    "cpuadam": "AdamW",
    "fusedlamb": "Lamb",
    "fusedlion": "Lion",
    "deepspeedcpulion": "Lion",
    "onebitadam": "Adam",
    "zerooneadam": "Adam",
    "onebitlamb": "Lamb",
    "adamw_torch": "AdamW",
    "adamw_torch_fused": "AdamW",
    "adamw_hf": "AdamW",
}
"""Class names, names of the Hugging Face Trainer, and optimizers that are gone."""


def unknown_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """A type that is neither DeepSpeed's nor the exact name of a torch class."""
    kind = spec.raw(TYPE)
    if not isinstance(kind, str) or chosen(spec) is not None:
        return
    names = [PRETTY.get(name, name) for name in spec.schema.optimizers]
    likely = near(kind, names, OTHERS_NAMES)
    fixes = tuple(Fix(f"Use {name}", put(TYPE, name)) for name in likely)
    values = {"name": repr(kind)[1:-1] or '""', "version": spec.schema.version}
    if likely:
        values["near"] = " or ".join(likely)
    if lines := _lines_with(kind):
        values["lines"] = lines
    yield Problem("DSC027", values, found(spec, TYPE), fixes=fixes or (ADAMW,))


def _lines_with(kind: str) -> str:
    lines = [line for line in LINES if load_schema(line).optimizer(kind)]
    return f"{lines[0]} to {lines[-1]}" if lines else ""


def untested_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """ZeRO asks for consent where an optimizer is not on its list."""
    one = chosen(spec)
    if one is None or one.name in TESTED or stage(spec) not in (1, 2, 3):
        return
    if value(spec, ALLOW) in OFF:
        allow = Fix("Allow it, if it works element by element", put(ALLOW, True))
        yield Problem(
            "DSC034",
            {"name": str(spec.raw(TYPE)), "stage": str(stage(spec))},
            found(spec, TYPE, ALLOW),
            fixes=(allow, ADAMW),
        )


def lamb_with_fixed_scale(spec: JobSpec) -> Iterator[Problem]:
    """Lamb asserts a dynamic loss scale, in whatever precision the job trains."""
    one, path = chosen(spec), ("fp16", "loss_scale")
    if one is None or one.name not in ("lamb", "onebitlamb") or mode(spec, "fp16") is not True:
        return
    scale = value(spec, path)
    if isinstance(scale, (int, float)) and scale > 0:
        fix = Fix("Make the loss scale dynamic", put(path, 0))
        yield Problem("DSC059", {}, found(spec, path, TYPE), fixes=(fix, ADAMW))


def optimizer_against_stage(spec: JobSpec) -> Iterator[Problem]:
    """Optimizers that some ZeRO stages refuse whatever is allowed."""
    one, at = chosen(spec), stage(spec)
    if one is None or at not in (1, 2, 3):
        return
    if one.name in ONE_BIT:
        off = Fix("Switch ZeRO off", put(STAGE, 0))
        yield _refused(spec, one, "ZeRO", (STAGE,), (off, ADAMW))
    elif one.name == "muon" and at == 3:
        yield from _muon_at_stage_3(spec, one)


UNUSABLE = {
    "LBFGS": "DeepSpeed, which steps without the closure that it needs",
    "SparseAdam": "dense gradients, and DeepSpeed's are dense",
}


def unusable_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """Classes of torch that raise in the first step, with ZeRO or without."""
    one = chosen(spec)
    if one and one.name in UNUSABLE:
        yield _refused(spec, one, UNUSABLE[one.name], (), (ADAMW,))


def _muon_at_stage_3(spec: JobSpec, one: Chosen) -> Iterator[Problem]:
    """Up to 0.17 not at all; later only without reduce_scatter, whose default is true."""
    lower = Fix("Use ZeRO stage 2", put(STAGE, 2))
    if spec.schema.line in ("0.14", "0.15", "0.16", "0.17"):
        yield _refused(spec, one, "ZeRO stage 3", (STAGE,), (lower, ADAMW))
    elif value(spec, SCATTER) is True:
        off = Fix("Reduce without scatter", put(SCATTER, False))
        what = "ZeRO stage 3 while reduce_scatter is on, as it is by default"
        yield _refused(spec, one, what, (SCATTER, STAGE), (off, lower))


def _refused(
    spec: JobSpec, one: Chosen, what: str, others: tuple[Path, ...], fixes: tuple[Fix, ...]
) -> Problem:
    values = {"name": PRETTY.get(one.name, one.name), "what": what}
    return Problem("DSC165", values, found(spec, TYPE, *others), fixes=fixes)


def type_missing(spec: JobSpec) -> Iterator[Problem]:
    """A block without a type: its params go nowhere."""
    for name, usual in (("optimizer", "AdamW"), ("scheduler", "WarmupLR")):
        block = spec.raw((name,))
        if not isinstance(block, Mapping) or block.get("type") is not None:
            continue
        empty = not block or block == {"type": None}
        fixes = (Fix(f"Use {usual}", put((name, "type"), usual)), Fix("Remove it", {name: None}))
        yield Problem(
            "DSC152",
            {"block": name},
            found(spec, (name,)),
            Severity.WARNING if empty else Severity.ERROR,
            fixes=fixes[::-1] if empty or block.get("params", MISSING) is None else fixes,
        )


CHECKS: tuple[Check, ...] = (
    unknown_optimizer,
    untested_optimizer,
    lamb_with_fixed_scale,
    optimizer_against_stage,
    unusable_optimizer,
    type_missing,
)
