"""Values under ``optimizer.params`` that are no numbers, or numbers that cannot work.

Read from deepspeed 0.19.8 ops/adam/fused_adam.py and cpu_adam.py, torch 2.13 optim/; each was
tried. DeepSpeed's classes check nothing; torch's check the range of what they are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.built import OFF, PARAMS, Chosen, chosen, found, number_at, written_params
from dsdoctor.checks.meaning import number
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Setting, path_of
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

NUMBERS = ("lr", "eps", "weight_decay", "momentum", "muon_lr", "adam_lr")
"""Params that are one number in every optimizer that has them."""

USUAL: dict[str, Any] = {"eps": 1e-8, "weight_decay": 0.0, "momentum": 0.9, "betas": [0.9, 0.999]}
LARGE_RATE = 0.01
"""Adam and Lion move every weight by about this much in each step."""

AMSGRAD_REFUSED = ("FusedAdam", "FusedLamb", "DeepSpeedCPUAdam")
"""The last of them only since 0.19; before, it ignored the switch."""

STEP_BY_RATE = ("adam", "adamw", "lion")
SETS_RATE = ("WarmupLR", "WarmupDecayLR", "OneCycle", "LRRangeTest")
"""Schedulers that can overwrite the optimizer's learning rate from the start."""


def not_numbers(spec: JobSpec) -> Iterator[Problem]:
    """Text, null or a list where a number is needed; betas that are no pair of numbers."""
    one = chosen(spec)
    for setting in written_params(spec) if one else ():
        name = path_of(setting.name)[-1]
        if one and not _is_argument(one, name):
            continue
        if name in NUMBERS and not _is_number(setting.value) and not _pair_of_eps(one, setting):
            unused = name == "lr" and one is not None and _rate_unused(spec, one)
            yield _not_number(setting, name, "a number", Severity.WARNING if unused else None)
        elif name == "betas" and not _is_pair(setting.value):
            yield _not_number(setting, name, "a list of two numbers")


def no_switch(spec: JobSpec) -> Iterator[Problem]:
    """The kernel of the CPU Adam is told in each step whether to correct the bias, not in words."""
    one, setting = chosen(spec), spec.setting((*PARAMS, "bias_correction"))
    if one is None or setting is None or one.class_name != "DeepSpeedCPUAdam":
        return
    filled = setting.value == "auto" and spec.filler is not Filler.NONE
    if isinstance(setting.value, (str, list, dict)) and not filled:
        yield _not_number(setting, "bias_correction", "true or false")


def _rate_unused(spec: JobSpec, one: Chosen) -> bool:
    """The fused optimizers check nothing, and the scheduler writes a rate before the first step."""
    kind, largest = spec.raw(("scheduler", "type")), ("scheduler", "params", "warmup_max_lr")
    if kind in ("WarmupLR", "WarmupDecayLR"):
        follows = value(spec, largest) in (None, MISSING) and spec.raw(largest) is not MISSING
        follows |= spec.raw(largest) is MISSING and _default_is_null(spec, kind)
    else:
        follows = kind not in ("OneCycle", "LRRangeTest")
    return one.class_name.startswith("Fused") and not follows


def _default_is_null(spec: JobSpec, kind: str) -> bool:
    """WarmupLR follows the optimizer by default from 0.17 on."""
    return spec.schema.schedulers[kind].params.get("warmup_max_lr") is None


def _is_argument(one: Chosen, name: str) -> bool:
    accepted = one.optimizer.accepted(one.use or "default")
    return accepted is None or name in accepted


def _pair_of_eps(one: Chosen | None, setting: Setting) -> bool:
    """Adafactor of torch has two epsilons."""
    two = isinstance(setting.value, list) and len(setting.value) == 2
    return bool(one and one.name == "Adafactor" and setting.name.endswith("eps") and two)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _not_number(
    setting: Setting, name: str, wanted: str, severity: Severity | None = None
) -> Problem:
    path = (*PARAMS, name)
    meant = _meant(setting.value)
    if meant is not None:
        fixes = [Fix(f"Write {shown(meant)} for {name}", put(path, meant), safe=True)]
    else:
        fixes = [Fix(f"Remove {name}; the optimizer has a default", put(path, None))]
        if name in USUAL:
            usual = USUAL[name]
            fixes.insert(0, Fix(f"Write {shown(usual)} for {name}", put(path, usual)))
    values = {"key": name, "value": shown(setting.value), "wanted": wanted}
    return Problem("DSC007", values, (setting,), severity, fixes=tuple(fixes))


def _meant(value: Any) -> Any:
    """The number in quotes, or the pair of them."""
    if isinstance(value, str):
        return number(value)
    if isinstance(value, list) and len(value) == 2:
        parts = [number(item) if isinstance(item, str) else item for item in value]
        return parts if all(map(_is_number, parts)) else None
    return None


def out_of_range(spec: JobSpec) -> Iterator[Problem]:
    """Numbers that make the optimizer raise, or do damage."""
    one = chosen(spec)
    if one is None or one.built is None:
        return
    for setting in written_params(spec):
        name = path_of(setting.name)[-1]
        if not _is_argument(one, name):
            continue
        if effect := _damage(name, setting.value):
            yield _out_of_range(one, setting, name, effect)
    yield from _unsupported(spec, one)


def _damage(name: str, value: Any) -> str:
    """What a number out of range does where nobody refuses it."""
    if name == "betas":
        bad = _is_pair(value) and not all(0 <= beta < 1 for beta in value)
        return "the running averages never settle, or divide by zero" if bad else ""
    if name not in NUMBERS or not _is_number(value):
        return ""
    if name == "eps" and value == 0:
        return "a weight whose gradient is zero becomes NaN"
    if value >= 0:
        return ""
    if name in ("lr", "muon_lr", "adam_lr"):
        return "the loss is made larger, not smaller"
    return "the weights grow instead of decaying" if name == "weight_decay" else "steps go astray"


def _out_of_range(one: Chosen, setting: Setting, name: str, effect: str) -> Problem:
    legal = name == "eps" and setting.value == 0
    raises = one.is_torch and not legal and not (one.name == "Muon" and name == "eps")
    usual = USUAL.get(name)
    path = (*PARAMS, name)
    if usual is not None:
        fix = Fix(f"Write {shown(usual)} for {name}", put(path, usual))
    else:
        fix = Fix(f"Write {-setting.value:g} for {name}", put(path, -setting.value))
    values = {
        "key": name,
        "value": shown(setting.value),
        "effect": f"torch's {one.class_name} refuses it with a ValueError" if raises else effect,
    }
    severity = Severity.FATAL if raises else Severity.WARNING
    return Problem("DSC150", values, (setting,), severity, fixes=(fix,))


def _unsupported(spec: JobSpec, one: Chosen) -> Iterator[Problem]:
    """Switches that the constructor knows only to refuse them."""
    for name, effect in _refused_switches(spec, one):
        values = {"key": name, "value": shown(spec.raw((*PARAMS, name))), "effect": effect}
        fix = Fix(f"Remove {name}", put((*PARAMS, name), None))
        yield Problem("DSC150", values, found(spec, (*PARAMS, name)), fixes=(fix,))


def _refused_switches(spec: JobSpec, one: Chosen) -> Iterator[tuple[str, str]]:
    refused = AMSGRAD_REFUSED if spec.schema.line == "0.19" else AMSGRAD_REFUSED[:2]
    if spec.raw((*PARAMS, "amsgrad")) not in OFF and one.class_name in refused:
        yield "amsgrad", f"{one.class_name} has no AMSGrad variant and raises RuntimeError"
    if one.name == "SGD" and spec.raw((*PARAMS, "nesterov")) not in OFF:
        momentum, damping = (spec.raw((*PARAMS, name)) for name in ("momentum", "dampening"))
        if momentum in OFF or damping not in OFF:
            yield "nesterov", "torch's SGD refuses it without momentum, or with dampening"
    both = all(spec.raw((*PARAMS, name)) is True for name in ("fused", "foreach"))
    if one.use == "torch_adam" and both:
        yield "foreach", "torch refuses it together with fused"


def learning_rate(spec: JobSpec) -> Iterator[Problem]:
    """No learning rate, a rate of zero, or one that will blow up."""
    one = chosen(spec)
    if one is None or one.built is None or spec.raw(("scheduler", "type")) in SETS_RATE:
        return
    path = (*PARAMS, "lr")
    rate = number_at(spec, *path)
    if spec.raw(path) is MISSING:
        yield from _no_rate(spec, one)
    elif rate == 0:
        yield _odd_rate(spec, "0", "nothing is learned")
    elif rate is not None and rate > LARGE_RATE and one.name in STEP_BY_RATE:
        effect = f"each step moves every weight by about {rate:g}"
        yield _odd_rate(spec, f"{rate:g}", effect)


def _no_rate(spec: JobSpec, one: Chosen) -> Iterator[Problem]:
    rate = one.built.params.get("lr") if one.built else None
    if rate is not None:
        values = {"optimizer": one.class_name, "rate": f"{rate:g}"}
        fix = Fix(f"Write the learning rate out: {rate:g}", put((*PARAMS, "lr"), rate), safe=True)
        yield Problem("DSC151", values, found(spec, PARAMS, ("optimizer",))[:1], fixes=(fix,))


def _odd_rate(spec: JobSpec, rate: str, effect: str) -> Problem:
    values = {"key": "lr", "value": rate, "effect": effect}
    fix = Fix("Write 1e-05 for lr", put((*PARAMS, "lr"), 1e-5))
    setting = found(spec, (*PARAMS, "lr"))
    return Problem("DSC150", values, setting, Severity.WARNING, fixes=(fix,))


CHECKS: tuple[Check, ...] = (not_numbers, no_switch, out_of_range, learning_rate)
