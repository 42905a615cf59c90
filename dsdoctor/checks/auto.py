"""The word "auto" where nobody replaces it before DeepSpeed reads the configuration.

Read from deepspeed 0.19.8 runtime/config.py, runtime/config_utils.py (DeepSpeedConfigModel drops
the word) and runtime/engine.py; each key was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dsdoctor.checks.auto_words import Auto, autos, defaults, raises
from dsdoctor.checks.modes import line
from dsdoctor.checks.patches import joined, listed
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.filling import fills
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, dotted
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

CODE = "DSC130"
MOST_NAMED = 4

MATTERS = frozenset(
    {
        ("zero_optimization", "stage"),
        ("zero_optimization", "offload_optimizer"),
        ("zero_optimization", "offload_param"),
        ("zero_optimization", "offload_optimizer", "device"),
        ("zero_optimization", "offload_param", "device"),
        ("fp16", "enabled"),
        ("bf16", "enabled"),
    }
)
"""Keys whose default is something else than their author can have wanted."""


@dataclass(frozen=True, slots=True)
class Group:
    """Keys to which the same happens."""

    effect: str
    severity: Severity
    belongs: Callable[[JobSpec, Auto], bool]


def not_filled(spec: JobSpec) -> Iterator[Problem]:
    """DeepSpeed reads the file as it stands: one finding for each thing that it does."""
    if spec.filler is not Filler.NONE:
        return
    left = list(autos(spec))
    for group in GROUPS:
        members = [item for item in left if group.belongs(spec, item)]
        left = [item for item in left if item not in members]
        if members:
            yield _together(spec, group, members)


def _together(spec: JobSpec, group: Group, members: list[Auto]) -> Problem:
    """All members in one finding: a file made for the Trainer has a dozen of them."""
    fillable = all(fills(Filler.TRAINER, item.known) for item in members)
    values = {"keys": _named([item.known for item in members]), "effect": group.effect}
    fix = Fix(_summary(members), joined(*(defaults(spec, item) for item in members)))
    return Problem(
        CODE,
        values,
        tuple(item.setting for item in members),
        group.severity,
        Confidence.LIKELY if fillable else Confidence.CERTAIN,
        (fix,),
    )


def _named(paths: list[Path]) -> str:
    names = [dotted(path) for path in paths]
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} other keys"]
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"


def _summary(members: list[Auto]) -> str:
    if len(members) == 1:
        return f"Leave {dotted(members[0].known)} to DeepSpeed's default, or write a value"
    return "Leave these keys to DeepSpeed's defaults, or write values"


def _is_dropped(_: JobSpec, item: Auto) -> bool:
    return item.dropped


def _matters(spec: JobSpec, item: Auto) -> bool:
    return item.dropped and item.known in MATTERS and not _has_twin(spec, item)


def _has_twin(spec: JobSpec, item: Auto) -> bool:
    """One precision block is on for sure; that the other is not is what was wanted."""
    other = {"fp16": "bf16", "bf16": "fp16"}.get(item.known[0])
    return other is not None and spec.raw((other, "enabled")) is True


def _switches_on(_: JobSpec, item: Auto) -> bool:
    return not item.dropped and item.key is not None and item.key.type == "bool"


def _turns_precision_on(spec: JobSpec, item: Auto) -> bool:
    return _switches_on(spec, item) and item.known in MATTERS and line(spec) < (0, 17)


GROUPS = (
    Group("DeepSpeed raises an error at the word", Severity.FATAL, raises),
    Group("DeepSpeed drops the word and takes its default", Severity.ERROR, _matters),
    Group("DeepSpeed drops the word and takes its default", Severity.INFO, _is_dropped),
    Group("this release takes any word for true", Severity.ERROR, _turns_precision_on),
    Group("DeepSpeed takes any word for true", Severity.WARNING, _switches_on),
)
"""What DeepSpeed does, the gravest first; a key counts once."""


def not_fillable(spec: JobSpec) -> Iterator[Problem]:
    """The Trainer and Accelerate stop at any "auto" that is left when they have filled theirs."""
    if spec.filler is Filler.NONE:
        return
    for item in autos(spec):
        if _is_filled(spec, item.path):
            continue
        fix = Fix(f"Remove {dotted(item.path)}", defaults(spec, item))
        yield Problem("DSC021", {"key": dotted(item.path)}, (item.setting,), fixes=(fix,))


ONLY_TRAINER = (("optimizer", "params", "betas"), ("optimizer", "params", "eps"))


def _is_filled(spec: JobSpec, path: Path) -> bool:
    """Only the exact spelling is filled. Accelerate overwrites two keys whatever they say."""
    if path in ONLY_TRAINER and spec.filler is Filler.ACCELERATE:
        return False
    if path == ("zero_allow_untested_optimizer",):
        return spec.raw(("optimizer",)) is MISSING
    return path == ("steps_per_print",) or fills(spec.filler, path)


CHECKS: tuple[Check, ...] = (not_filled, not_fillable)
