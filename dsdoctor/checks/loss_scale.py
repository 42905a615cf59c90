"""fp16 loss-scale settings that cannot work, or that nobody reads.

Read from deepspeed 0.19.8 runtime/fp16/loss_scaler.py (DynamicLossScaler.update_scale,
CreateLossScaler) and runtime/precision_config.py, and tried: see the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.modes import mode
from dsdoctor.checks.patches import last_names, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Setting
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

LARGEST_POWER = 63
"""2**64 does not fit the integer that torch multiplies the loss with."""

USUAL_POWER = 24
"""Above it, a usual job skips its first steps until the scale has come down."""

PRINTED_POWER = 14284
"""Python writes no number of more than 4300 digits, and 2**14285 is one."""

LARGEST_FP16 = 65504
DYNAMIC_KEYS = ("initial_scale_power", "loss_scale_window", "hysteresis", "min_loss_scale")


def initial_scale(spec: JobSpec) -> Iterator[Problem]:
    """``initial_scale_power`` so large that the first step raises, or so small that it harms."""
    power = _number(spec, "initial_scale_power")
    if not isinstance(power, int) or 0 <= power <= USUAL_POWER:
        return
    if power > PRINTED_POWER and stage(spec) == 3:  # which prints its arguments, fp16 or not
        effect = "initialization raises ValueError: too many digits"
        yield _odd_start(spec, power, effect, Severity.FATAL)
    elif not _dynamic(spec):
        return
    elif power < 0:
        effect = "the loss is made smaller, not larger, and small gradients become zero"
        yield _odd_start(spec, power, effect, Severity.WARNING)
    elif power > _largest_power(spec):
        yield _odd_start(spec, power, "the first step raises OverflowError", Severity.FATAL)
    else:
        effect = "the first steps are skipped until the scale has come down"
        yield _odd_start(spec, power, effect, Severity.WARNING)


def _odd_start(spec: JobSpec, power: int, effect: str, severity: Severity) -> Problem:
    return Problem(
        "DSP021",
        {"power": str(power), "effect": effect},
        _settings(spec, "initial_scale_power"),
        severity,
        fixes=(_set("initial_scale_power", 16),),
    )


def hysteresis_not_positive(spec: JobSpec) -> Iterator[Problem]:
    """With ``hysteresis`` below 1 the countdown never reaches 1: the scale never falls."""
    number = _number(spec, "hysteresis")
    if _dynamic(spec) and stage(spec) in (1, 2, 3) and isinstance(number, int) and number < 1:
        yield Problem(
            "DSP022",
            {"hysteresis": str(number)},
            _settings(spec, "hysteresis"),
            fixes=(_set("hysteresis", 2),),
        )


def scale_below_its_floor(spec: JobSpec) -> Iterator[Problem]:
    """The scale starts at or below ``min_loss_scale``: it has no way down."""
    power, floor = _number(spec, "initial_scale_power"), _number(spec, "min_loss_scale")
    if not _dynamic(spec) or not isinstance(power, int) or not isinstance(floor, int):
        return
    if 0 <= power <= LARGEST_POWER and 2**power <= floor:
        yield Problem(
            "DSP023",
            {"start": str(2**power), "floor": str(floor)},
            _settings(spec, "min_loss_scale", "initial_scale_power"),
            fixes=(
                Fix(
                    "Start at 2^16 with a floor of 1",
                    {"fp16": {"initial_scale_power": 16, "min_loss_scale": 1}},
                ),
            ),
        )


def static_scale_too_large(spec: JobSpec) -> Iterator[Problem]:
    """A fixed scale that fp16 itself cannot hold."""
    scale = _number(spec, "loss_scale")
    if mode(spec, "fp16") is True and isinstance(scale, (int, float)) and scale > LARGEST_FP16:
        yield Problem(
            "DSP024",
            {"scale": f"{scale:g}"},
            _settings(spec, "loss_scale"),
            fixes=(_set("loss_scale", 0),),
        )


def dynamic_keys_with_static_scale(spec: JobSpec) -> Iterator[Problem]:
    """Keys of the dynamic scale beside a fixed one: nobody reads them."""
    scale = _number(spec, "loss_scale")
    settings = _settings(spec, *DYNAMIC_KEYS)
    if mode(spec, "fp16") is True and isinstance(scale, (int, float)) and scale > 0 and settings:
        removal = Fix(f"Remove {last_names(settings)}", without(settings), safe=True)
        yield Problem(
            "DSP025",
            {"scale": f"{scale:g}", "keys": last_names(settings)},
            settings,
            fixes=(removal, _set("loss_scale", 0)),
        )


def _dynamic(spec: JobSpec) -> bool:
    return mode(spec, "fp16") is True and _number(spec, "loss_scale") == 0


def _number(spec: JobSpec, name: str) -> Any:
    found = value(spec, ("fp16", name))
    return None if isinstance(found, bool) else found


def _largest_power(spec: JobSpec) -> int:
    """Without ZeRO the scale meets a float, which holds up to 2**1023."""
    return LARGEST_POWER if stage(spec) in (1, 2, 3) else 1023


def _settings(spec: JobSpec, *names: str) -> tuple[Setting, ...]:
    return tuple(item for name in names if (item := spec.setting(("fp16", name))))


def _set(name: str, number: int) -> Fix:
    meaning = " (dynamic)" if name == "loss_scale" else ""
    return Fix(f"Set fp16.{name} to {number}{meaning}", put(("fp16", name), number))


CHECKS: tuple[Check, ...] = (
    initial_scale,
    hysteresis_not_positive,
    scale_below_its_floor,
    static_scale_too_large,
    dynamic_keys_with_static_scale,
)
