"""Axolotl's training files (``axolotl train x.yaml``).

Read from its core/builders/base.py and causal.py (which TrainingArguments it makes) and
utils/config (how it settles on a dtype), 2025.
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
from dsdoctor.job.names import names
from dsdoctor.job.place import Setting

MARKS = frozenset({"base_model", "micro_batch_size", "sequence_len", "sample_packing"})
"""Names that Axolotl has and the Trainer has not."""

_RENAMED = {
    "micro_batch_size": "per_device_train_batch_size",
    "eval_batch_size": "per_device_eval_batch_size",
    "num_epochs": "num_train_epochs",
    "optimizer": "optim",
    "lr_scheduler": "lr_scheduler_type",
    "evaluation_strategy": "eval_strategy",
}

_SAME = names(
    """
        deepspeed gradient_accumulation_steps learning_rate adam_beta1 adam_beta2 adam_epsilon
        weight_decay max_grad_norm max_steps warmup_steps warmup_ratio output_dir save_steps
        save_strategy save_total_limit save_only_model save_safetensors eval_steps eval_strategy
        logging_steps seed tf32 torch_compile group_by_length auto_find_batch_size ddp_timeout
        dataloader_num_workers dataloader_pin_memory gradient_checkpointing_kwargs fsdp fsdp_config
        resume_from_checkpoint neftune_noise_alpha
    """
)
"""TrainingArguments that Axolotl passes on under the same name."""

_ARGUMENTS = {**{name: name for name in _SAME}, **_RENAMED}

_MODEL = {
    "base_model": "name",
    "sequence_len": "sequence_length",
    "load_in_4bit": "load_in_4bit",
    "load_in_8bit": "load_in_8bit",
    "adapter": "adapter",
}


def from_axolotl(given: Given) -> JobFile:
    """The settings of an Axolotl file or command line."""
    arguments = {name: as_typed(name, value) for name, value in renamed(given, _ARGUMENTS).items()}
    arguments.update(_accumulation(given, arguments))
    arguments.update(_precision(given))
    arguments.update(_checkpointing(given))
    model = {**renamed(given, _MODEL), **_dtype(given)}
    other = left_over(given, arguments, model)
    return JobFile("axolotl", arguments, model, ds_config(arguments), other)


def _accumulation(given: Given, arguments: Given) -> dict[str, Setting]:
    """Axolotl divides its batch_size, that of one GPU, by the micro batch."""
    whole, micro = given.get("batch_size"), arguments.get("per_device_train_batch_size")
    if whole is None or micro is None or "gradient_accumulation_steps" in arguments:
        return {}
    if not (isinstance(whole.value, int) and isinstance(micro.value, int) and micro.value > 0):
        return {}
    return {"gradient_accumulation_steps": with_value(whole, whole.value // micro.value)}


def _precision(given: Given) -> dict[str, Setting]:
    """fp16 and bf16 as the Trainer gets them. bf16 wins over fp16; "auto" asks the GPU."""
    found: dict[str, Setting] = {}
    bf16 = _switched_on(given, "bf16", "bfloat16")
    fp16 = _switched_on(given, "fp16")
    auto = bf16 is not None and bf16.value == "auto"
    if bf16 and bf16.value == "full":
        found["bf16_full_eval"] = with_value(bf16, True)
        found["bf16"] = with_value(bf16, False)
    elif bf16:
        found["bf16"] = with_value(bf16, "auto" if auto and not fp16 else not auto)
    elif "bf16" in given:
        found["bf16"] = with_value(given["bf16"], False)
    if fp16:
        found["fp16"] = with_value(fp16, bf16 is None or auto)
    elif "fp16" in given and not auto:
        found["fp16"] = with_value(given["fp16"], False)
    return found


def _dtype(given: Given) -> dict[str, Setting]:
    """What the model is loaded in, where the file settles that."""
    bf16 = _switched_on(given, "bf16", "bfloat16")
    half = _switched_on(given, "load_in_8bit", "fp16", "float16")
    auto = bf16 is not None and bf16.value == "auto"
    if bf16 and not auto:
        return {"dtype": with_value(bf16, "bfloat16")}
    if half and not (auto and half.name == "load_in_8bit"):
        return {"dtype": with_value(half, "float16")}
    return {}


def _checkpointing(given: Given) -> dict[str, Setting]:
    """Besides true and false there are the words "offload", "unsloth" ...: all of them mean on."""
    setting = given.get("gradient_checkpointing")
    if setting is None or setting.value is None:
        return {}
    return {"gradient_checkpointing": with_value(setting, _on(setting))}


def _switched_on(given: Given, *names: str) -> Setting | None:
    """The first of the settings that is on."""
    return next((given[name] for name in names if name in given and _on(given[name])), None)


def _on(setting: Setting) -> bool:
    value = setting.value
    return value.lower() not in ("false", "no", "", "0") if isinstance(value, str) else bool(value)
