"""Values that DeepSpeed refuses while it reads the configuration.

Read from deepspeed 0.19.8 runtime/config.py (DeepSpeedConfig._initialize_params) and the pydantic
models of its blocks; the schema has what each version refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.meaning import corrections
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import kind, shown, wanted
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import enabled, stage, value
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.spec import JobSpec

BATCH = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps")

PAGES: dict[Path, str] = {
    ("communication_data_type",): "DSC009",
    ("seq_parallel_communication_data_type",): "DSC009",
    ("gradient_allreduce_op",): "DSC055",
    ("wall_clock_breakdown",): "DSC053",
    ("checkpoint", "tag_validation"): "DSC057",
    ("checkpoint", "parallel_write", "pipeline_stage"): "DSC057",
    ("checkpoint", "writer", "type"): "DSC057",
    ("checkpoint", "writer", "data_parallel"): "DSC057",
    ("torch_autocast", "dtype"): "DSP013",
    ("torch_autocast", "lower_precision_safe_modules"): "DSP013",
}
"""Keys whose refusal has a page of its own."""

TORCH_NAMES = ("torch.float16", "torch.bfloat16", "torch.float32", "torch.int8")


def refused_values(spec: JobSpec) -> Iterator[Problem]:
    """A value of the wrong type, out of bounds, or not among the known ones."""
    for item in written_keys(spec):
        if item.is_block or item.path[0] in BATCH or _accepted(item):
            continue
        yield _rounded(item) if _is_bucket(item) else _refused(item)


def _accepted(item: Written) -> bool:
    if item.known == ("torch_autocast", "dtype") and item.value in TORCH_NAMES:
        return True
    return coerce(item.key, item.value)[0]


def _refused(item: Written) -> Problem:
    fallback = "DSC011" if item.key.checked else "DSC082"
    values = {
        "key": item.name,
        "value": shown(item.value),
        "type": kind(item.value),
        "reason": f"must be {wanted(item.key)}"
        if item.key.type != "nothing"
        else "must be left out",
        "wanted": wanted(item.key),
    }
    code = PAGES.get(item.known, fallback)
    return Problem(code, values, (item.setting,), fixes=corrections(item))


def _is_bucket(item: Written) -> bool:
    """A size with a fraction, as old frameworks filled it in."""
    sizes = ("bucket_size", "threshold", "parameters", "distance", "group_size", "buffer_size")
    return (
        isinstance(item.value, float)
        and 1 < item.value < 2**63
        and item.key.type == "int"
        and item.known[-1].endswith(sizes)
    )


def _rounded(item: Written) -> Problem:
    whole = int(item.value)
    fix = Fix(f"Write {whole} for {item.name}", put(item.path, whole), safe=True)
    return Problem(
        "DSC052", {"key": item.name, "value": shown(item.value)}, (item.setting,), fixes=(fix,)
    )


def dynamic_scale_bounds(spec: JobSpec) -> Iterator[Problem]:
    """With a dynamic loss scale, its window and its floor must be above 0."""
    block = spec.schema.block(("fp16",))
    checked = block is not None and "_validate_dynamic_loss_scale_params" in block.validators
    if not checked or enabled(spec, "fp16") is not True or value(spec, ("fp16", "loss_scale")) != 0:
        return
    for name, usual in (("loss_scale_window", 1000), ("min_loss_scale", 1)):
        path = ("fp16", name)
        number, setting = value(spec, path), spec.setting(path)
        if setting and isinstance(number, int) and number <= 0:
            values = {
                "key": setting.name,
                "value": shown(setting.value),
                "reason": "must be above 0 while the loss scale is dynamic",
            }
            fix = Fix(f"Set {setting.name} to {usual}", put(path, usual))
            yield Problem("DSC011", values, (setting,), fixes=(fix,))


def too_large_bucket(spec: JobSpec) -> Iterator[Problem]:
    """A bucket of more elements than a 64-bit number counts."""
    path = ("zero_optimization", "reduce_bucket_size")
    number, setting = value(spec, path), spec.setting(path)
    if setting and stage(spec) in (1, 2, 3) and isinstance(number, int) and number >= 2**63:
        values = {
            "key": setting.name,
            "value": shown(setting.value),
            "reason": "must be below 2^63, the largest size of a tensor",
        }
        fix = Fix(f"Set {setting.name} to 500000000", put(path, 500000000))
        yield Problem("DSC011", values, (setting,), fixes=(fix,))


DIVIDES = ("0.14", "0.15", "0.16")
"""Lines that say how full the bucket is, in percent."""


def empty_bucket(spec: JobSpec) -> Iterator[Problem]:
    """A bucket of nothing: the first backward pass divides by its size."""
    path = ("zero_optimization", "reduce_bucket_size")
    number, setting = value(spec, path), spec.setting(path)
    if spec.schema.line not in DIVIDES or setting is None or stage(spec) not in (1, 2, 3):
        return
    if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number < 1:
        values = {
            "key": setting.name,
            "value": shown(setting.value),
            "reason": "must be above 0: the first backward pass divides by it",
        }
        fix = Fix(f"Set {setting.name} to 500000000", put(path, 500000000))
        yield Problem("DSC011", values, (setting,), fixes=(fix,))


CHECKS: tuple[Check, ...] = (refused_values, dynamic_scale_bounds, too_large_bucket, empty_bucket)
