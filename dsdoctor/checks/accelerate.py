"""Accelerate's own config file against the DeepSpeed configuration.

Read from accelerate 1.15 commands/launch.py, utils/launch.py (prepare_deepspeed_cmd_env) and
utils/dataclasses.py (DeepSpeedPlugin); the errors were tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.patches import listed, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.accelerate_config import refused_beside_config_file
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, Setting, path_of
from dsdoctor.job.resolve import offload_device, stage
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Severity

STEPS: Path = ("gradient_accumulation_steps",)
LAUNCH = "launch line"
HALF = {"fp16": "fp16", "bf16": "bf16", "fp8": "bf16"}
"""mixed_precision, and the block of ds_config.json that it belongs to."""


def keys_beside_config_file(spec: JobSpec) -> Iterator[Problem]:
    """Accelerate stops where its file names a DeepSpeed file and repeats what belongs in there."""
    refused = refused_beside_config_file(_in_file(spec))
    if refused:
        names = listed(path_of(setting.name)[-1] for setting in refused)
        yield Problem("DSC047", {"names": names}, refused)


def _in_file(spec: JobSpec) -> Mapping[str, Setting]:
    """Without what stands on the launch line, which Accelerate does not mind."""
    return {name: item for name, item in spec.accelerate.items() if item.place.file != LAUNCH}


def precision_without_quotes(spec: JobSpec) -> Iterator[Problem]:
    """``mixed_precision: no`` is false in YAML, and Accelerate asks it for its lower case."""
    setting = spec.accelerate.get("mixed_precision")
    if setting is not None and isinstance(setting.value, bool):
        yield Problem("DSC133", {"value": shown(setting.value)}, (setting,))


def other_half_precision(spec: JobSpec) -> Iterator[Problem]:
    """mixed_precision names one 16-bit type and ds_config.json switches the other on."""
    setting, wanted = _half(spec)
    if setting is None or spec.filler is not Filler.ACCELERATE:
        return
    other = "fp16" if wanted == "bf16" else "bf16"
    written = spec.config.get((other, "enabled"), MISSING)
    if str(written).lower() == "true":
        values = {"arg": str(setting.value), "config": other}
        auto = {name: {"enabled": "auto"} for name in ("fp16", "bf16")}
        fix = Fix("Let the config follow mixed_precision", auto)
        yield Problem("DSC048", values, _both(spec, (other, "enabled"), setting), fixes=(fix,))


def precision_not_used(spec: JobSpec) -> Iterator[Problem]:
    """mixed_precision asks for a type that ds_config.json switches off: the file decides."""
    setting, wanted = _half(spec)
    if setting is None or spec.filler is not Filler.ACCELERATE:
        return
    path = (wanted, "enabled")
    block = spec.config.get((wanted,), MISSING)
    if isinstance(block, dict) and block.get("enabled", False) is False:
        fix = Fix(f'Write "auto" for {wanted}.enabled', put(path, "auto"))
        values = {"asked": str(setting.value), "key": f"{wanted}.enabled"}
        yield Problem("DSC134", values, _both(spec, path, setting), fixes=(fix,))


def _half(spec: JobSpec) -> tuple[Setting | None, str]:
    """The setting that asks for 16 bit, and its block."""
    setting = spec.accelerate.get("mixed_precision")
    wanted = HALF.get(str(setting.value).lower(), "") if setting else ""
    return (setting if wanted else None), wanted


def _both(spec: JobSpec, path: Path, other: Setting) -> tuple[Setting, ...]:
    block = spec.setting(path) or spec.setting(path[:1])
    return (block, other) if block else (other,)


def accumulation_differs(spec: JobSpec) -> Iterator[Problem]:
    """Two numbers of accumulation steps: the DeepSpeed configuration's counts."""
    asked = spec.accelerate.get("deepspeed_config.gradient_accumulation_steps")
    written = spec.setting(STEPS)
    if asked is None or written is None or spec.filler is not Filler.ACCELERATE:
        return
    if _is_count(asked) and _is_count(written) and asked.value != written.value:
        values = {"script": str(asked.value), "config": str(written.value)}
        fix = Fix('Write "auto", which Accelerate fills', put(STEPS, "auto"))
        yield Problem("DSC050", values, (written, asked), fixes=(fix,))


def _is_count(setting: Setting) -> bool:
    return isinstance(setting.value, int) and not isinstance(setting.value, bool)


def init_flag_below_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """``zero3_init_flag`` is for stage 3 only; elsewhere Accelerate switches it off."""
    flag = spec.accelerate.get("deepspeed_config.zero3_init_flag")
    if flag is not None and str(flag.value).lower() == "true" and stage(spec) in (0, 1, 2):
        settings = (flag, spec.setting(("zero_optimization", "stage")))
        yield Problem("DSC064", {}, tuple(item for item in settings if item))


def nvme_path_not_handed_on(spec: JobSpec) -> Iterator[Problem]:
    """The launcher exports no path, so where nvme_path says "auto", "none" is filled in."""
    for what in ("optimizer", "param"):
        path = ("zero_optimization", f"offload_{what}", "nvme_path")
        setting = spec.setting(path)
        if spec.filler is Filler.NONE or setting is None or setting.value != "auto":
            continue
        if offload_device(spec, what) == "nvme":
            asked = spec.accelerate.get(f"deepspeed_config.offload_{what}_nvme_path")
            fix = _named_path(path, asked)
            settings = (setting, asked) if asked else (setting,)
            severity = Severity.ERROR
            yield Problem("DSC135", {"key": setting.name}, settings, severity, fixes=(fix,))


def _named_path(path: Path, asked: Setting | None) -> Fix:
    """The folder that Accelerate's file names, or the usual one."""
    folder = str(asked.value) if asked and asked.value not in (None, "none") else "/local_nvme"
    return Fix(f"Write {folder} for nvme_path", put(path, folder))


CHECKS: tuple[Check, ...] = (
    keys_beside_config_file,
    precision_without_quotes,
    other_half_precision,
    precision_not_used,
    accumulation_differs,
    init_flag_below_stage_3,
    nvme_path_not_handed_on,
)
