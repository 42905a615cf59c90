"""Names under ``optimizer.params`` that the optimizer does not take, or does not look at.

Read from deepspeed 0.19.8 runtime/engine.py: _configure_basic_optimizer,
get_optimizer_configuration; the constructors come from the schema.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import OFF, PARAMS, TYPE, Chosen, chosen, found, number_at
from dsdoctor.checks.meaning import truth
from dsdoctor.checks.near_names import near
from dsdoctor.checks.patches import joined, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Setting, path_of
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

CLIPPING = "max_grad_norm"
MODE = (*PARAMS, "adam_w_mode")
SWITCHES = ("adam_w_mode", "torch_adam", "amsgrad", "bias_correction")

OTHERS_NAMES = {
    "learning_rate": "lr",
    "beta": "betas",
    "epsilon": "eps",
    "adam_epsilon": "eps",
    "adam_betas": "betas",
    "decay": "weight_decay",
    "wd": "weight_decay",
    "adamw_mode": "adam_w_mode",
}


def unknown_params(spec: JobSpec) -> Iterator[Problem]:
    """Params that are no arguments of the constructor."""
    one = chosen(spec)
    known = _accepted(one) if one else None
    if one is None or known is None:
        return
    for setting in _params(spec):
        name = path_of(setting.name)[-1]
        if name not in known and name != CLIPPING:
            yield _unknown(one, setting, name, sorted(known))


def _accepted(one: Chosen) -> frozenset[str] | None:
    """What it takes; where the choice of the class is open, what any of them takes."""
    extra = {"per_head_muon"} if one.name == "muon" else set()
    if one.use == "torch_adam":
        extra.add("foreach")
    if one.use:
        accepted = one.optimizer.accepted(one.use)
        return None if accepted is None else accepted | extra
    every = [one.optimizer.accepted(use) for use in one.optimizer.builds]
    return frozenset().union(*(names for names in every if names))


def _params(spec: JobSpec) -> Iterator[Setting]:
    """All params as written; a name counts even if its value is "auto"."""
    params = spec.raw(PARAMS)
    for name in params if isinstance(params, dict) else ():
        if setting := spec.setting((*PARAMS, name)):
            yield setting


def _unknown(one: Chosen, setting: Setting, name: str, known: list[str]) -> Problem:
    path = (*PARAMS, name)
    fixes = [
        Fix(
            f"Write {other} instead of {name}",
            joined(put(path, None), put((*PARAMS, other), setting.value)),
        )
        for other in near(name, known, OTHERS_NAMES)
    ]
    ignored = one.name == "muon"
    remove = Fix(f"Remove {name}", put(path, None), safe=ignored and not fixes)
    effect = "ignores it" if ignored else "stops at it"
    values = {"optimizer": one.class_name, "key": name, "effect": effect}
    severity = Severity.ERROR if ignored else None
    return Problem("DSC028", values, (setting,), severity, fixes=(*fixes, remove))


def clipping_in_params(spec: JobSpec) -> Iterator[Problem]:
    """``max_grad_norm`` belongs to the engine."""
    path = (*PARAMS, CLIPPING)
    setting = spec.setting(path)
    if setting is None or not isinstance(spec.raw(TYPE), str):
        return
    remove = put(path, None)
    number = isinstance(setting.value, (int, float)) and not isinstance(setting.value, bool)
    if spec.raw(("gradient_clipping",)) is MISSING and number:
        value = setting.value
        fix = Fix("Move it to gradient_clipping", joined(remove, {"gradient_clipping": value}))
    else:
        fix = Fix(f"Remove {CLIPPING}", remove)
    yield Problem("DSC029", {"value": shown(setting.value)}, (setting,), fixes=(fix,))


def mode_ignored(spec: JobSpec) -> Iterator[Problem]:
    """AdamW is AdamW, whatever ``adam_w_mode`` says."""
    one, setting = chosen(spec), spec.setting(MODE)
    if one is None or one.name != "adamw" or setting is None or setting.value == "auto":
        return
    wanted_adam = setting.value in OFF
    remove = Fix("Remove adam_w_mode", put(MODE, None), safe=True)
    adam = Fix("Use Adam, which looks at adam_w_mode", put(TYPE, "Adam"))
    yield Problem(
        "DSC153",
        {"value": shown(setting.value)},
        (setting, *found(spec, TYPE)),
        Severity.ERROR if wanted_adam else Severity.INFO,
        fixes=(remove, adam) if wanted_adam else (remove,),
    )


def adam_is_adamw(spec: JobSpec) -> Iterator[Problem]:
    """Adam decays its weights as AdamW does, unless it is told not to."""
    one = chosen(spec)
    if one is None or one.name != "adam" or spec.raw(MODE) is not MISSING:
        return
    decay = number_at(spec, *PARAMS, "weight_decay")
    if decay:
        same = Fix("Say so: type AdamW", put(TYPE, "AdamW"), safe=True)
        plain = Fix("Use the original Adam", put(MODE, False))
        yield Problem("DSC154", {"decay": f"{decay:g}"}, found(spec, TYPE), fixes=(same, plain))


def switches_as_text(spec: JobSpec) -> Iterator[Problem]:
    """``"false"`` for a switch among the params is a text, and so it is true."""
    one = chosen(spec)
    if one is None:
        return
    refused = "bias_correction" if one.class_name == "DeepSpeedCPUAdam" else ""  # see DSC007
    for name in SWITCHES:
        if name == refused:
            continue
        setting = spec.setting((*PARAMS, name))
        if setting is None or not isinstance(setting.value, str) or setting.value in ("", "auto"):
            continue
        means = truth(setting.value)
        fix = Fix(f"Write {shown(means)}", put((*PARAMS, name), means), safe=means is True)
        yield Problem(
            "DSC081",
            {"key": setting.name, "value": shown(setting.value)},
            (setting,),
            Severity.ERROR if means is False else Severity.INFO,
            fixes=() if means is None else (fix,),
        )


CHECKS: tuple[Check, ...] = (
    unknown_params,
    clipping_in_params,
    mode_ignored,
    adam_is_adamw,
    switches_as_text,
)
