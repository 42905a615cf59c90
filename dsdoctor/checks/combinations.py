"""Options that exclude each other, each of them valid by itself.

Read from deepspeed 0.19.8 runtime/config.py (_do_error_check), runtime/engine.py
(_do_sanity_check), zero/config.py (compute_grad_norm_valid),
zero/stage_1_and_2.py and zero/stage3.py (__init__); each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import known
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec

NORM: Path = ("zero_optimization", "compute_grad_norm")
OVERLAP: Path = ("zero_optimization", "overlap_comm")
ZENFLOW: Path = ("zero_optimization", "zenflow")
STAGE: Path = ("zero_optimization", "stage")
MANAGED: Path = ("managed_gradient_accumulation",)
SUM: Path = ("gradient_allreduce_op",)
DEEPCOMPILE: Path = ("compile", "deepcompile")


def gradient_norm_off(spec: JobSpec) -> Iterator[Problem]:
    """Without the norm DeepSpeed can neither clip nor offload."""
    if value(spec, NORM) is not False or spec.schema.key(NORM) is None:
        return
    on = Fix("Compute the norm again", put(NORM, True))
    for what, other, fixes in _against_norm(spec):
        yield Problem("DSC054", {"what": what}, _found(spec, NORM, other), fixes=(*fixes, on))


def _against_norm(spec: JobSpec) -> Iterator[tuple[str, Path, tuple[Fix, ...]]]:
    at, clip = stage(spec), value(spec, ("gradient_clipping",))
    if at in (0, 3):
        yield "is supported only with ZeRO Stage 1 or 2", STAGE, ()
        return
    if isinstance(clip, (int, float)) and clip > 0:
        off = Fix("Switch clipping off", {"gradient_clipping": 0})
        yield f"requires gradient_clipping 0, not {clip:g}", ("gradient_clipping",), (off,)
    if offload_device(spec, "optimizer") in ("cpu", "nvme"):
        yield "does not support optimizer offload", ("zero_optimization", "offload_optimizer"), ()
    if spec.raw(ZENFLOW) is not None and known(spec.raw(ZENFLOW)):
        yield "does not support ZenFlow", ZENFLOW, ()


def unmanaged_accumulation(spec: JobSpec) -> Iterator[Problem]:
    """With accumulation in the script's hands, what counts micro batches is out."""
    managed = spec.raw(MANAGED)
    if spec.schema.key(MANAGED) is None or not known(managed) or managed:
        return
    back = Fix("Let DeepSpeed count the micro batches", put(MANAGED, True))
    if value(spec, OVERLAP) is True and stage(spec) in (0, 1) and known(spec.raw(OVERLAP)):
        off = Fix("Switch overlap_comm off", put(OVERLAP, False))
        what = "supports ZeRO overlap_comm only with ZeRO stage 2"
        yield _unmanaged(spec, what, OVERLAP, (off, back))
    if value(spec, DEEPCOMPILE) is True:
        yield _unmanaged(spec, "is not supported with DeepCompile", DEEPCOMPILE, (back,))


def _unmanaged(spec: JobSpec, what: str, other: Path, fixes: tuple[Fix, ...]) -> Problem:
    return Problem("DSC066", {"what": what}, _found(spec, MANAGED, other), fixes=fixes)


def summed_gradients(spec: JobSpec) -> Iterator[Problem]:
    """``sum`` is not there for stage 3, ZenFlow and DeepCompile."""
    if not _is_sum(spec):
        return
    mean = Fix("Use the mean", put(SUM, "mean"))
    for feature, other in _against_sum(spec):
        values = {"value": "sum", "feature": feature}
        yield Problem("DSC055", values, _found(spec, SUM, other), fixes=(mean,))


def _is_sum(spec: JobSpec) -> bool:
    written = spec.raw(SUM)
    return (
        spec.schema.key(SUM) is not None and isinstance(written, str) and written.lower() == "sum"
    )


def _against_sum(spec: JobSpec) -> Iterator[tuple[str, Path]]:
    if stage(spec) == 3:
        yield "ZeRO stage 3", STAGE
    if isinstance(spec.raw(ZENFLOW), dict):
        yield "ZenFlow", ZENFLOW
    if value(spec, DEEPCOMPILE) is True:
        yield "DeepCompile", DEEPCOMPILE


def scaled_before_reducing(spec: JobSpec) -> Iterator[Problem]:
    """Scaling options that reduce_scatter does not know, at stages 2 and 3."""
    scatter = ("zero_optimization", "reduce_scatter")
    at = stage(spec)
    averaged = at == 3 or (at == 2 and not _is_sum(spec))
    if not averaged or value(spec, scatter) is not True:
        return
    slower = Fix("Reduce without scatter", put(scatter, False))
    for path, option in _scalings(spec):
        values = {"option": option, "stage": f"ZeRO-{at}"}
        drop = Fix(f"Remove {path[0]}", put(path, None))
        yield Problem("DSC038", values, _found(spec, path), fixes=(drop, slower))


def _scalings(spec: JobSpec) -> Iterator[tuple[Path, str]]:
    prescale = ("prescale_gradients",)
    written, factor = spec.raw(prescale), spec.raw(("gradient_predivide_factor",))
    if known(written) and written and written != "auto":
        yield prescale, "prescale_gradients"
    if isinstance(factor, (int, float)) and factor != 1:
        yield ("gradient_predivide_factor",), f"gradient_predivide_factor {factor:g}"


def elastic_at_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """``elastic_checkpoint`` is not implemented at stage 3."""
    path = ("zero_optimization", "elastic_checkpoint")
    if value(spec, path) is True and stage(spec) == 3:
        fix = Fix("Remove elastic_checkpoint", put(path, None))
        yield Problem("DSC087", {}, _found(spec, path, STAGE), fixes=(fix,))


def _found(spec: JobSpec, *paths: Path) -> tuple[Setting, ...]:
    return tuple(setting for path in paths if (setting := spec.setting(path)))


def amp_with_zero(spec: JobSpec) -> Iterator[Problem]:
    """Up to 0.18 there is amp, of apex, and ZeRO refuses it."""
    path = ("amp", "enabled")
    if spec.schema.block(path[:1]) is None or stage(spec) not in (1, 2, 3):
        return
    if known(spec.raw(path)) and spec.raw(path):
        own = {"amp": None, "fp16": {"enabled": True}}
        fixes = (Fix("Use DeepSpeed's fp16", own), Fix("Remove amp", {"amp": None}))
        yield Problem("DSC166", {"stage": str(stage(spec))}, _found(spec, path, STAGE), fixes=fixes)


CHECKS: tuple[Check, ...] = (
    gradient_norm_off,
    unmanaged_accumulation,
    summed_gradients,
    scaled_before_reducing,
    elastic_at_stage_3,
    amp_with_zero,
)
