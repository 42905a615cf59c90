"""The fields of Hugging Face TrainingArguments and how their text is read.

Read from transformers 5.23 training_args.py and hf_argparser.py, and 4.20 to 4.57 for the names
that version 5 dropped. A name that is in neither belongs to somebody else's arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from dsdoctor.job.names import names


class Kind(Enum):
    """What a field's text stands for."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"
    LIST = "list"


def _fields(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


FIELDS: Mapping[str, Kind] = {
    **_fields(
        Kind.INT,
        """per_device_train_batch_size max_steps gradient_accumulation_steps
        torch_empty_cache_steps per_device_eval_batch_size eval_accumulation_steps save_total_limit
        seed data_seed dataloader_num_workers dataloader_prefetch_factor ddp_bucket_cap_mb
        ddp_timeout local_rank""",
    ),
    **_fields(
        Kind.FLOAT,
        """num_train_epochs learning_rate warmup_steps weight_decay adam_beta1 adam_beta2
        adam_epsilon max_grad_norm label_smoothing_factor neftune_noise_alpha logging_steps
        eval_steps eval_delay save_steps""",
    ),
    **_fields(
        Kind.BOOL,
        """average_tokens_across_devices bf16 fp16 bf16_full_eval fp16_full_eval tf32
        activation_checkpointing gradient_checkpointing torch_compile use_liger_kernel use_cache
        auto_find_batch_size logging_first_step log_on_each_node logging_nan_inf_filter
        include_num_input_tokens_seen disable_tqdm prediction_loss_only eval_on_start
        eval_do_concat_batches eval_use_gather_object batch_eval_metrics save_only_model
        save_on_each_node enable_jit_checkpoint push_to_hub hub_private_repo hub_always_push
        load_best_model_at_end greater_is_better ignore_data_skip
        restore_callback_states_from_checkpoint full_determinism use_cpu dataloader_drop_last
        dataloader_pin_memory dataloader_persistent_workers dataloader_in_order
        remove_unused_columns ddp_find_unused_parameters ddp_broadcast_buffers ddp_static_graph
        skip_memory_metrics do_train do_eval do_predict""",
    ),
    **_fields(
        Kind.TEXT,
        """output_dir lr_scheduler_type lr_scheduler_kwargs optim optim_args optim_target_modules
        activation_checkpointing_kwargs gradient_checkpointing_kwargs torch_compile_backend
        torch_compile_mode liger_kernel_config logging_strategy log_level log_level_replica
        report_to run_name project trackio_space_id trackio_bucket_id trackio_static_space_id
        eval_strategy save_strategy hub_token hub_model_id hub_strategy hub_revision
        metric_for_best_model accelerator_config parallelism_config
        dataloader_multiprocessing_context train_sampling_strategy length_column_name ddp_backend
        fsdp fsdp_config deepspeed resume_from_checkpoint""",
    ),
    **_fields(Kind.LIST, "include_for_metrics label_names debug"),
}
"""transformers 5.23."""

FIELDS_OF_4: Mapping[str, Kind] = {
    **_fields(
        Kind.INT, "per_gpu_train_batch_size per_gpu_eval_batch_size tpu_num_cores past_index "
        "fsdp_min_num_params _n_gpu",
    ),
    **_fields(Kind.FLOAT, "warmup_ratio"),
    **_fields(
        Kind.BOOL,
        """overwrite_output_dir no_cuda jit_mode_eval use_ipex tpu_metrics_debug adafactor
        group_by_length use_legacy_prediction_loop include_inputs_for_metrics save_safetensors
        use_mps_device dispatch_batches split_batches include_tokens_per_second""",
    ),
    **_fields(
        Kind.TEXT,
        """evaluation_strategy logging_dir fp16_opt_level half_precision_backend xpu_backend
        sharded_ddp fp16_backend push_to_hub_model_id push_to_hub_organization push_to_hub_token
        mp_parameters torchdynamo ray_scope fsdp_transformer_layer_cls_to_wrap""",
    ),
}  # fmt: skip
"""Names that transformers 4.20 to 4.57 accept, or some of them, and 5.23 does not."""

RENAMED: Mapping[str, str] = {
    "evaluation_strategy": "eval_strategy",
    "push_to_hub_token": "hub_token",
    "activation_checkpointing": "gradient_checkpointing",
    "activation_checkpointing_kwargs": "gradient_checkpointing_kwargs",
}
"""Two names of one thing: the one given under the other's name. All versions know
``gradient_checkpointing``; late 5.x prefers ``activation_checkpointing``. Where both are given
and the left one is not null, the left one wins, in every version."""

ON_BY_DEFAULT = names(
    """
        average_tokens_across_devices log_on_each_node logging_nan_inf_filter eval_do_concat_batches
        dataloader_pin_memory dataloader_in_order remove_unused_columns skip_memory_metrics
        save_safetensors
    """
)
"""Fields that also have a ``--no_<name>`` on the command line."""

_TRUE = frozenset({"yes", "true", "t", "y", "1"})
_FALSE = frozenset({"no", "false", "f", "n", "0"})
_DIGITS = re.compile(r"[\s\d_+-]{1,100}\Z")
_NUMBER = re.compile(r"[\s\d_+.eE-]{1,100}\Z")


def kind_of(name: str) -> Kind | None:
    """How the field's text is read; ``None`` for a name that is no field."""
    return FIELDS.get(name) or FIELDS_OF_4.get(name)


def is_bool_word(text: str) -> bool:
    """Does HfArgumentParser take the text for a truth value?"""
    return text.lower() in _TRUE or text.lower() in _FALSE


def typed(kind: Kind, text: str) -> Any:
    """The text as HfArgumentParser reads it; the text itself where that refuses it."""
    try:
        if kind is Kind.INT and _DIGITS.match(text):
            return int(text)
        if kind is Kind.FLOAT and _NUMBER.match(text):
            return float(text)
    except ValueError:
        return text
    if kind is Kind.BOOL and is_bool_word(text):
        return text.lower() in _TRUE
    return text
