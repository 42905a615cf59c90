"""Optimizers that cannot, or should not, run with ``offload_optimizer``.

Read from deepspeed 0.19.8 runtime/engine.py: _configure_basic_optimizer,
get_optimizer_configuration, _configure_optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.offload import DEVICES, asking
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

TYPE: Path = ("optimizer", "type")
TORCH_ADAM: Path = ("optimizer", "params", "torch_adam")
ON_CPU = ("adam", "adamw", "adagrad", "lion")
"""DeepSpeed has a CPU version of these, and takes it."""

USE_ADAMW = Fix("Use AdamW, which has a CPU version", put(TYPE, "AdamW"))


def optimizer_type(spec: JobSpec) -> str | None:
    """The configured optimizer in lower case, as DeepSpeed compares it."""
    kind = spec.raw(TYPE)
    return kind.lower() if isinstance(kind, str) else None


def gpu_only_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """Lamb exists as a GPU kernel only; the states it would update are on the CPU."""
    if optimizer_type(spec) == "lamb" and _offloads(spec):
        yield Problem(
            "DSC112",
            {"type": str(spec.raw(TYPE))},
            _settings(spec.setting(TYPE), asking(spec, "optimizer")),
            fixes=(USE_ADAMW,),
        )


def plain_torch_on_cpu(spec: JobSpec) -> Iterator[Problem]:
    """A torch optimizer steps on the CPU: right, and slow."""
    kind = optimizer_type(spec)
    if kind is None or not _offloads(spec):
        return
    asked = value(spec, TORCH_ADAM)
    if kind in ("adam", "adamw") and asked not in (MISSING, None, False):
        fix = Fix("Let DeepSpeed take its CPU Adam", put(TORCH_ADAM, None))
        yield _slow(spec, spec.setting(TORCH_ADAM), fix)
    elif kind not in (*ON_CPU, "lamb", "muon") and _untested_allowed(spec):
        yield _slow(spec, spec.setting(TYPE), USE_ADAMW)


def _slow(spec: JobSpec, setting: Setting | None, fix: Fix) -> Problem:
    kind = str(spec.raw(TYPE))
    settings = _settings(setting, asking(spec, "optimizer"))
    return Problem("DSC113", {"type": kind}, settings, fixes=(fix,))


def client_optimizer(spec: JobSpec) -> Iterator[Problem]:
    """Offload, and the optimizer is left to a script that has to choose the right one."""
    forced = value(spec, ("zero_force_ds_cpu_optimizer",))
    if spec.filler is not Filler.NONE or optimizer_type(spec) or forced is False:
        return
    if _offloads(spec):
        fix = {"optimizer": {"type": "AdamW", "params": {"lr": 1e-5}}}
        yield Problem(
            "DSC035",
            {},
            _settings(asking(spec, "optimizer")),
            Severity.INFO,
            Confidence.POSSIBLE,
            (Fix("Let DeepSpeed make its CPU Adam", fix),),
        )


def ratio_needs_cpu_adam(spec: JobSpec) -> Iterator[Problem]:
    """Partial offload at stage 3 shares the work between two Adams."""
    path = ("zero_optimization", "offload_optimizer", "ratio")
    ratio, kind = value(spec, path), optimizer_type(spec)
    if stage(spec) != 3 or not isinstance(ratio, (int, float)) or ratio >= 1 or kind is None:
        return
    plain = value(spec, TORCH_ADAM) not in (MISSING, None, False)
    if _offloads(spec) and (plain or kind not in ("adam", "adamw")):
        setting = spec.setting(TORCH_ADAM) if plain else spec.setting(TYPE)
        fix = Fix("Use DeepSpeed's AdamW", put(TORCH_ADAM, None) if plain else put(TYPE, "AdamW"))
        yield Problem(
            "DSC114",
            {"type": f"{spec.raw(TYPE)}{' with torch_adam' if plain else ''}"},
            _settings(spec.setting(path), setting),
            fixes=(fix,),
        )


def _offloads(spec: JobSpec) -> bool:
    return stage(spec) in (1, 2, 3) and offload_device(spec, "optimizer") in DEVICES


def _untested_allowed(spec: JobSpec) -> bool:
    return value(spec, ("zero_allow_untested_optimizer",)) not in (MISSING, None, False, "")


def _settings(*found: Setting | None) -> tuple[Setting, ...]:
    return tuple(item for item in found if item)


CHECKS: tuple[Check, ...] = (
    gpu_only_optimizer,
    plain_torch_on_cpu,
    client_optimizer,
    ratio_needs_cpu_adam,
)
