"""In which precision the job trains, as far as its settings tell.

Read from deepspeed 0.19.8 runtime/engine.py (get_data_types,
_do_optimizer_sanity_check), runtime/config.py (DtypeEnum), accelerate 1.15
utils/dataclasses.py (DeepSpeedPlugin.set_mixed_precision).
"""

from __future__ import annotations

from typing import Any

from dsdoctor.job.filling import trainer_argument
from dsdoctor.job.gap import UNKNOWN
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import Filler, JobSpec

FP16: Path = ("fp16", "enabled")
BF16: Path = ("bf16", "enabled")
AUTOCAST: Path = ("torch_autocast", "enabled")
ACCUMULATION: Path = ("data_types", "grad_accum_dtype")
BYTES = {"fp16": 2, "bf16": 2, "fp32": 4}

NAMES = {
    "fp16": "fp16", "float16": "fp16", "half": "fp16", "torch.float16": "fp16",
    "bf16": "bf16", "bfloat16": "bf16", "torch.bfloat16": "bf16",
    "fp32": "fp32", "float32": "fp32", "float": "fp32", "torch.float32": "fp32",
    "int8": "int8", "torch.int8": "int8",
}  # fmt: skip
"""The names that DtypeEnum takes, and the type that each means."""


def mode(spec: JobSpec, name: str) -> Any:
    """Is ``fp16`` or ``bf16`` on? True, False or ``UNKNOWN``.

    Where the configuration has no such block, Accelerate and the Trainer write one from their
    own mixed precision.
    """
    if spec.config.get((name,)) is None and not _has_old_block(spec, name):
        return _from_outside(spec, name)
    path = (name, "enabled")
    found, key = value(spec, path), spec.schema.key(path)
    if isinstance(found, str) and key is not None and not key.checked:
        return found != ""  # up to 0.16 a text stays a text, which Python takes for true
    return found


def model_type(spec: JobSpec) -> str | None:
    """``fp16``, ``bf16`` or ``fp32``: the type of the weights; None if nobody can tell."""
    for name in ("fp16", "bf16"):
        on = mode(spec, name)
        if on is True:
            return name
        if on is not False:
            return None
    return "fp32"


def proof(spec: JobSpec, name: str) -> tuple[Setting, ...]:
    """What says that ``fp16`` or ``bf16`` is on: the key, or the argument that fills it."""
    found = spec.setting((name, "enabled")) or _old_setting(spec, name)
    argument = spec.argument(name) or spec.accelerate.get("mixed_precision")
    if found is None or found.value == "auto":
        return tuple(item for item in (found, argument) if item)
    return (found,)


def autocast(spec: JobSpec) -> bool:
    """Does torch_autocast run? A word in its place counts as true."""
    found = value(spec, AUTOCAST)
    return found is True or (isinstance(found, str) and found != "")


def named_type(spec: JobSpec, path: Path) -> str | None:
    """The type that a key of ``data_types`` names; None where it names none that exists."""
    found = value(spec, path)
    return NAMES.get(found) if isinstance(found, str) else None


def is_bf16_optimizer(spec: JobSpec) -> bool:
    """At stage 1 bf16 weights with fp32 accumulation get an optimizer of their own."""
    return (
        stage(spec) == 1
        and mode(spec, "bf16") is True
        and named_type(spec, ACCUMULATION) == "fp32"
        and offload_device(spec, "optimizer") != "cpu"
    )


def line(spec: JobSpec) -> tuple[int, ...]:
    """The minor line of the job's DeepSpeed: ``(0, 19)``."""
    return tuple(int(part) for part in spec.schema.line.split("."))


def _has_old_block(spec: JobSpec, name: str) -> bool:
    return name == "bf16" and spec.config.get(("bfloat16",)) is not None


def _old_setting(spec: JobSpec, name: str) -> Setting | None:
    return spec.setting(("bfloat16", "enabled")) if name == "bf16" else None


def _from_outside(spec: JobSpec, name: str) -> Any:
    if spec.filler is Filler.NONE:
        return False
    written = spec.accelerate.get("mixed_precision")
    if spec.filler is Filler.ACCELERATE:
        return UNKNOWN if written is None else written.value == name
    answer = trainer_argument(spec, name)
    return bool(answer) if isinstance(answer, bool) else UNKNOWN
