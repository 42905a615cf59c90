"""Keys of ``zero_optimization`` that the job's stage does not read, and stages that cannot run.

Read from deepspeed 0.19.8 runtime/engine.py: _configure_zero_optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.checks.modes import is_bf16_optimizer
from dsdoctor.checks.patches import last_names, listed, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import (
    AT_STAGE_3,
    BELOW_STAGE_3,
    FEATURES,
    ZERO,
    field_of,
    zero,
    zero_settings,
)
from dsdoctor.job.gap import MISSING, UNKNOWN
from dsdoctor.job.place import Setting, path_of
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

OFFLOADED_PARAM = ("offload_param", "cpu_offload_param")
REPORTED_ELSEWHERE = (*OFFLOADED_PARAM, "offload_optimizer", "cpu_offload", "zenflow")
"""Keys that have findings of their own at stage 0."""


def keys_of_other_stage(spec: JobSpec) -> Iterator[Problem]:
    """Keys that only another stage reads."""
    at = stage(spec)
    if at in (1, 2):
        yield from _ignored(spec, zero_settings(spec, AT_STAGE_3), str(at), "stage 3")
    elif at == 3:
        yield from _ignored(spec, zero_settings(spec, BELOW_STAGE_3), "3", "stages 1 and 2")


def _ignored(spec: JobSpec, settings: tuple[Setting, ...], at: str, home: str) -> Iterator[Problem]:
    if not settings:
        return
    yield Problem(
        "DSC100",
        {
            "keys": last_names(settings),
            "verb": "is" if len(settings) == 1 else "are",
            "them": "it" if len(settings) == 1 else "them",
            "stage": at,
            "home": home,
        },
        settings,
        max((_weight(spec, setting) for setting in settings), key=lambda grade: grade.level),
        fixes=(Fix(f"Remove {last_names(settings)}", without(settings), safe=True),),
    )


def _weight(spec: JobSpec, setting: Setting) -> Severity:
    """A lost feature is an error, a lost tuning a warning, a lost default nothing."""
    found = value(spec, path_of(setting.name))
    key = spec.schema.key(path_of(setting.name))
    if key is None or found is UNKNOWN or setting.value == "auto" or found == key.default:
        return Severity.INFO
    return Severity.ERROR if field_of(spec, setting) in FEATURES else Severity.WARNING


def zero_is_off(spec: JobSpec) -> Iterator[Problem]:
    """A block full of ZeRO keys, and stage 0."""
    block = spec.raw((ZERO,))
    if stage(spec) != 0 or not isinstance(block, Mapping) or spec.raw(zero("stage")) == "auto":
        return
    names = [name for name, item in block.items() if name != "stage" and _asks(spec, name, item)]
    around = spec.setting((ZERO,))
    if not names or around is None:
        return
    written = spec.setting(zero("stage"))
    wanted = 3 if any(_wants_stage_3(spec, name) for name in block) else 2
    fixes = [Fix(f"Set the stage to {wanted}", put(zero("stage"), wanted))]
    if written:
        fixes.append(Fix("Remove zero_optimization", {ZERO: None}))
    yield Problem(
        "DSC101",
        {"keys": listed(names), "stage": "0" if written else "left out, which means 0"},
        (written or around,),
        Severity.WARNING if written else Severity.ERROR,
        fixes=tuple(fixes),
    )


def _asks(spec: JobSpec, name: str, item: Any) -> bool:
    """Does the key ask for something?"""
    key = spec.schema.key(zero(name))
    if key is None or name in REPORTED_ELSEWHERE or item in (None, {}):
        return False
    return bool(item != key.default)


def _wants_stage_3(spec: JobSpec, name: str) -> bool:
    key = spec.schema.key(zero(name))
    fields = (key.name, *key.aliases) if key else ()
    return name in OFFLOADED_PARAM or not AT_STAGE_3.isdisjoint(fields)


def legacy_stage1(spec: JobSpec) -> Iterator[Problem]:
    """The stage 1 of before 0.5.9."""
    setting = spec.setting(zero("legacy_stage1"))
    if is_bf16_optimizer(spec) or stage(spec) not in (1, 2, 3):
        return
    if setting and value(spec, zero("legacy_stage1")) is True:
        fix = Fix("Remove legacy_stage1", without([setting]))
        yield Problem("DSC056", {}, (setting,), fixes=(fix,))


def optimizer_missing(spec: JobSpec) -> Iterator[Problem]:
    """Stages 1 and 2 without an optimizer block: the script has to pass one."""
    at = stage(spec)
    if at in (1, 2) and spec.filler is Filler.NONE and not _names_optimizer(spec):
        setting = spec.setting(zero("stage")) or spec.setting((ZERO,))
        fix = {"optimizer": {"type": "AdamW", "params": {"lr": 1e-5}}}
        yield Problem(
            "DSC036",
            {"stage": str(at)},
            (setting,) if setting else (),
            Severity.WARNING,
            Confidence.POSSIBLE,
            (Fix("Add an optimizer, if the script passes none", fix),),
        )


def _names_optimizer(spec: JobSpec) -> bool:
    return spec.raw(("optimizer", "type")) not in (MISSING, None)


CHECKS: tuple[Check, ...] = (
    keys_of_other_stage,
    zero_is_off,
    legacy_stage1,
    optimizer_missing,
)
