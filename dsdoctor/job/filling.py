"""What the Hugging Face Trainer and Accelerate write where the configuration says "auto".

Read from transformers 5.23 integrations/deepspeed.py (trainer_config_process and
trainer_config_finalize) and accelerate 1.15 accelerator.py (_prepare_deepspeed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsdoctor.job.gap import UNKNOWN
from dsdoctor.job.place import Path
from dsdoctor.job.spec import Filler, JobSpec

ARGUMENT_OF: Mapping[Path, str] = {
    ("train_micro_batch_size_per_gpu",): "per_device_train_batch_size",
    ("gradient_accumulation_steps",): "gradient_accumulation_steps",
    ("gradient_clipping",): "max_grad_norm",
    ("optimizer", "params", "lr"): "learning_rate",
    ("optimizer", "params", "eps"): "adam_epsilon",
    ("optimizer", "params", "weight_decay"): "weight_decay",
    ("scheduler", "params", "warmup_max_lr"): "learning_rate",
    ("fp16", "enabled"): "fp16",
    ("bf16", "enabled"): "bf16",
}
"""Keys that the Trainer fills from one argument."""

CALCULATED: frozenset[Path] = frozenset(
    {
        ("train_batch_size",),
        ("optimizer", "params", "betas"),
        ("scheduler", "params", "warmup_min_lr"),
        ("scheduler", "params", "warmup_num_steps"),
        ("scheduler", "params", "total_num_steps"),
        ("zero_optimization", "reduce_bucket_size"),
        ("zero_optimization", "stage3_prefetch_bucket_size"),
        ("zero_optimization", "stage3_param_persistence_threshold"),
    }
)
"""Keys that the Trainer works out from several things, some of them the model's."""

ONLY_AT_STAGE_3: frozenset[Path] = frozenset(
    {
        ("zero_optimization", "stage3_prefetch_bucket_size"),
        ("zero_optimization", "stage3_param_persistence_threshold"),
    }
)

ACCELERATE_FILLS: frozenset[Path] = frozenset(
    {
        ("zero_optimization", "stage"),
        ("zero_optimization", "offload_optimizer", "device"),
        ("zero_optimization", "offload_param", "device"),
        ("zero_optimization", "offload_optimizer", "nvme_path"),
        ("zero_optimization", "offload_param", "nvme_path"),
        ("zero_optimization", "stage3_gather_16bit_weights_on_model_save"),
    }
)
"""Keys that Accelerate fills; under the Trainer too, which goes through Accelerate."""

TRAINER_DEFAULTS: Mapping[str, Any] = {
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 1,
    "max_grad_norm": 1.0,
    "learning_rate": 5e-5,
    "adam_epsilon": 1e-8,
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "weight_decay": 0.0,
    "fp16": False,
    "bf16": False,
    "fp16_full_eval": False,
    "bf16_full_eval": False,
}
"""TrainingArguments' defaults, equal in transformers 4.40 to 5.23."""

_EITHER = {"fp16": "fp16_full_eval", "bf16": "bf16_full_eval"}


def fills(filler: Filler, path: Path, stage: Any = UNKNOWN) -> bool:
    """Does somebody replace "auto" at ``path``?"""
    if filler is Filler.NONE:
        return False
    if path in ONLY_AT_STAGE_3 and stage in (0, 1, 2):
        return False
    return path in ARGUMENT_OF or path in CALCULATED or path in ACCELERATE_FILLS


def filled(spec: JobSpec, path: Path) -> Any:
    """What will stand in place of "auto" at ``path``; ``UNKNOWN`` if that cannot be told."""
    if path == ("train_batch_size",):
        return _train_batch_size(spec)
    name = ARGUMENT_OF.get(path)
    if name is None:
        return UNKNOWN
    value = trainer_argument(spec, name)
    other = _EITHER.get(name)
    if other and value is False:
        return trainer_argument(spec, other)
    return value


def trainer_argument(spec: JobSpec, name: str) -> Any:
    """The argument as given, else its default if all arguments are known, else ``UNKNOWN``."""
    if setting := spec.argument(name):
        return setting.value
    return TRAINER_DEFAULTS.get(name, UNKNOWN) if spec.arguments_given else UNKNOWN


def _train_batch_size(spec: JobSpec) -> Any:
    micro = trainer_argument(spec, "per_device_train_batch_size")
    steps = trainer_argument(spec, "gradient_accumulation_steps")
    if spec.ranks is None or not isinstance(micro, int) or not isinstance(steps, int):
        return UNKNOWN
    return spec.ranks * micro * steps
