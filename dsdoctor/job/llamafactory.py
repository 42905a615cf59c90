"""LLaMA-Factory's training files (``llamafactory-cli train x.yaml``).

Read from its hparams/parser.py, hparams/model_args.py and model/patcher.py, 2025. It reads YAML
with OmegaConf, for which 1e-4 is a number.
"""

from __future__ import annotations

from dsdoctor.job.job_file import (
    Given,
    JobFile,
    as_typed,
    ds_config,
    left_over,
    renamed,
    with_value,
)
from dsdoctor.job.place import Setting
from dsdoctor.job.training_args import under_todays_names
from dsdoctor.job.training_fields import Kind, kind_of, typed

MARKS = frozenset(
    {
        "finetuning_type",
        "cutoff_len",
        "dataset_dir",
        "quantization_bit",
        "lora_rank",
        "lora_target",
        "disable_gradient_checkpointing",
        "pure_bf16",
        "preprocessing_num_workers",
        "plot_loss",
    }
)
"""Names that LLaMA-Factory has and the Trainer has not."""

_MODEL = {"model_name_or_path": "name", "cutoff_len": "sequence_length"}
_BITS = {4: "load_in_4bit", 8: "load_in_8bit"}


def from_llamafactory(given: Given) -> JobFile:
    """The settings of a LLaMA-Factory file or command line."""
    arguments = under_todays_names(
        as_typed(name, setting) for name, setting in given.items() if kind_of(name) is not None
    )
    off = given.get("disable_gradient_checkpointing")
    if off and (value := _truth(off)) is not None:  # it checkpoints unless told not to
        arguments["gradient_checkpointing"] = with_value(off, not value)
    model = {**renamed(given, _MODEL), **_model(given)}
    other = left_over(given, arguments, model)
    return JobFile("llamafactory", arguments, model, ds_config(arguments), other)


def _model(given: Given) -> dict[str, Setting]:
    """How the model is loaded."""
    found: dict[str, Setting] = {}
    bits = given.get("quantization_bit")
    if bits and (name := _BITS.get(_integer(bits))):
        found[name] = with_value(bits, True)
    method = given.get("finetuning_type")
    if method and method.value in ("lora", "oft"):
        found["adapter"] = method
    pure = given.get("pure_bf16")
    if pure and _truth(pure):
        found["dtype"] = with_value(pure, "bfloat16")
    return found


def _truth(setting: Setting) -> bool | None:
    value = setting.value
    value = typed(Kind.BOOL, value) if isinstance(value, str) else value
    return value if isinstance(value, bool) else None


def _integer(setting: Setting) -> int:
    value = setting.value
    value = typed(Kind.INT, value) if isinstance(value, str) else value
    return value if isinstance(value, int) else 0
