"""fp16, bf16 and torch_autocast: which is on, and whether it can be.

Read from deepspeed 0.19.8 runtime/engine.py (_do_sanity_check), runtime/config.py
(_initialize_params), runtime/torch_autocast.py, runtime/precision_config.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.modes import AUTOCAST, autocast, mode, model_type, proof
from dsdoctor.checks.patches import put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Setting
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity

AMPERE = (8, 0)
OLD, NEW = ("bfloat16",), ("bf16",)


def both_on(spec: JobSpec) -> Iterator[Problem]:
    """fp16 and bf16 are both enabled."""
    if mode(spec, "fp16") is True and mode(spec, "bf16") is True:
        keep_bf16 = Fix("Keep bf16 (Ampere and newer GPUs)", put(("fp16", "enabled"), False))
        keep_fp16 = Fix("Keep fp16 (older GPUs)", put(("bf16", "enabled"), False))
        old_gpu = spec.gpu is not None and spec.gpu < AMPERE
        fixes = (keep_fp16, keep_bf16) if old_gpu else (keep_bf16, keep_fp16)
        yield Problem("DSP007", {}, (*proof(spec, "fp16"), *proof(spec, "bf16")), fixes=fixes)


def bf16_on_old_gpu(spec: JobSpec) -> Iterator[Problem]:
    """bf16 on a GPU without bf16 hardware. Late torch emulates it, early torch refuses."""
    if spec.gpu is not None and spec.gpu < AMPERE and mode(spec, "bf16") is True:
        fix = Fix("Train in fp16 instead", {"bf16": {"enabled": False}, "fp16": {"enabled": True}})
        yield Problem(
            "DSP010",
            {"gpu": ".".join(map(str, spec.gpu))},
            proof(spec, "bf16"),
            Severity.ERROR,
            Confidence.LIKELY,
            (fix,),
        )


def fp16_on_cpu(spec: JobSpec) -> Iterator[Problem]:
    """The job was told to run on the CPU, which DeepSpeed does not let train in fp16."""
    cpu = _cpu_asked(spec)
    if cpu and mode(spec, "fp16") is True:
        fix = Fix("Train in bf16 instead", {"fp16": {"enabled": False}, "bf16": {"enabled": True}})
        yield Problem("DSP009", {}, (*proof(spec, "fp16"), cpu), fixes=(fix,))


def _cpu_asked(spec: JobSpec) -> Setting | None:
    asked = [spec.argument(name) for name in ("use_cpu", "no_cuda")]
    asked.append(spec.accelerate.get("use_cpu"))
    return next((item for item in asked if item and item.value is True), None)


def old_block_ignored(spec: JobSpec) -> Iterator[Problem]:
    """``bfloat16`` is the old name of ``bf16``, and is not read where that is present."""
    old, new = spec.config.get(OLD), spec.config.get(NEW)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    setting = Setting(OLD[0], old, spec.place(OLD))
    same = old == new or old.get("enabled", False) == value(spec, ("bf16", "enabled"))
    remove = Fix("Remove bfloat16, which is not read", without([setting]), safe=same)
    move = Fix("Move its keys to bf16", {"bf16": old, "bfloat16": None})
    yield Problem(
        "DSP026",
        {"effect": "" if same else f"bf16 is {'on' if new.get('enabled') is True else 'off'}"},
        (setting, Setting(NEW[0], new, spec.place(NEW))),
        Severity.WARNING if same else Severity.ERROR,
        fixes=(remove,) if same else (move, remove),
    )


def autocast_beside_half(spec: JobSpec) -> Iterator[Problem]:
    """torch_autocast wants fp32 weights; fp16 or bf16 has already made them 16 bit."""
    half = next((name for name in ("bf16", "fp16") if mode(spec, name) is True), None)
    if half and autocast(spec):
        yield Problem(
            "DSP027",
            {"half": half},
            tuple(item for item in (spec.setting(AUTOCAST), *proof(spec, half)) if item),
            fixes=(
                Fix(f"Keep {half}, without autocast", put(AUTOCAST, False)),
                Fix("Keep autocast, with fp32 weights", put((half, "enabled"), False)),
            ),
        )


def autocast_with_quantized_weights(spec: JobSpec) -> Iterator[Problem]:
    """DeepSpeed asserts that the two are not used together."""
    quantized = ("zero_optimization", "zero_quantized_weights")
    if autocast(spec) and value(spec, quantized) is True:
        yield Problem(
            "DSP028",
            {},
            tuple(item for item in (spec.setting(quantized), spec.setting(AUTOCAST)) if item),
            fixes=(
                Fix("Keep autocast, without quantized weights", put(quantized, False)),
                Fix("Keep quantized weights, without autocast", put(AUTOCAST, False)),
            ),
        )


def full_precision(spec: JobSpec) -> Iterator[Problem]:
    """ZeRO in fp32: allowed, and twice the memory."""
    at = stage(spec)
    if at not in (1, 2, 3) or model_type(spec) != "fp32" or autocast(spec):
        return
    places = [spec.setting((name, "enabled")) for name in ("bf16", "fp16")]
    places += [spec.setting(("zero_optimization", "stage"))]
    fix = Fix("Train in bf16 (Ampere and newer GPUs)", {"bf16": {"enabled": True}})
    if any(_is_auto(spec, name) for name in ("bf16", "fp16", "torch_autocast")):
        return
    yield Problem(
        "DSP029", {"stage": str(at)}, tuple(item for item in places if item), fixes=(fix,)
    )


def _is_auto(spec: JobSpec, name: str) -> bool:
    """Does the key say "auto"? Where that came to nothing, another finding says so."""
    return bool(spec.raw((name, "enabled")) == "auto")


def immediate_update_ignored(spec: JobSpec) -> Iterator[Problem]:
    """``immediate_grad_update`` is read by the BF16_Optimizer only."""
    path = ("bf16", "immediate_grad_update")
    setting = spec.setting(path)
    at = stage(spec)
    if setting is None or value(spec, path) is not True or at not in (0, 2, 3):
        return
    if at == 0 and spec.raw(("pipeline",)) is not MISSING:
        return
    yield Problem(
        "DSP030",
        {"stage": str(at)},
        (setting,),
        fixes=(Fix("Remove immediate_grad_update", without([setting]), safe=True),),
    )


INPUTS = ("fp16", "auto_cast")


def inputs_cast(spec: JobSpec) -> Iterator[Problem]:
    """``auto_cast`` turns floating-point inputs into fp16, whether or not fp16 is on."""
    trained = model_type(spec)
    if value(spec, INPUTS) is not True or trained in ("fp16", None) or autocast(spec):
        return
    setting = spec.setting(INPUTS)
    found = tuple(item for item in (setting, spec.setting(("fp16", "enabled"))) if item)
    off = Fix("Remove auto_cast", put(INPUTS, None))
    yield Problem("DSP033", {"type": str(trained)}, found, fixes=(off,))


CHECKS: tuple[Check, ...] = (
    both_on,
    bf16_on_old_gpu,
    fp16_on_cpu,
    old_block_ignored,
    autocast_beside_half,
    autocast_with_quantized_weights,
    full_precision,
    immediate_update_ignored,
    inputs_cast,
)
