"""What cannot be seen from outside: types where the default is null, choices, replacements.

A fact adds to a key that was found in the installed version; it never makes one up. A key found
without a type, a validator without an entry or a choice that is refused stop the tool.
"""

from __future__ import annotations

from typing import Any

Fact = dict[str, Any]

MODELS = {
    "bf16": "deepspeed.runtime.precision_config:DeepSpeedBF16Config",
    "comet": "deepspeed.monitor.config:CometConfig",
    "comms_logger": "deepspeed.comm.config:CommsLoggerConfig",
    "compile": "deepspeed.compile.config:CompileConfig",
    "csv_monitor": "deepspeed.monitor.config:CSVConfig",
    "fp16": "deepspeed.runtime.precision_config:DeepSpeedFP16Config",
    "hybrid_engine": "deepspeed.runtime.config:HybridEngineConfig",
    "tensor_parallel": "deepspeed.runtime.tensor_parallel.config:TPTrainingConfig",
    "tensorboard": "deepspeed.monitor.config:TensorBoardConfig",
    "timers.throughput": "deepspeed.utils.config:DeepSpeedThroughputTimerConfig",
    "wandb": "deepspeed.monitor.config:WandbConfig",
    "weight_quantization": "deepspeed.inference.config:WeightQuantConfig",
    "zero_optimization": "deepspeed.runtime.zero.config:DeepSpeedZeroConfig",
}
"""Blocks that a pydantic model reads. A version without the module reads the block by hand."""

VALIDATORS: dict[str, dict[str, Fact]] = {
    "_validate_loss_scale": {"loss_scale": {"rule": "finite_number", "minimum": 0}},
    "_reject_non_integer_scale_params": {
        "loss_scale_window": {"rule": "no_bool"},
        "min_loss_scale": {"rule": "no_bool"},
    },
    "_coerce_container_types": {
        name: {"rule": "string_or_list"} for name in ("classes", "names", "name_suffixes")
    },
    "validate_fields": {
        "select_strategy": {"type": "choice", "choices": ["auto", "step", "epoch"]},
        "select_interval": {"rule": "auto_or_int"},
        "update_interval": {"rule": "auto_or_int"},
    },
    # These look at several keys, or change nothing that a file can say.
    "_validate_dynamic_loss_scale_params": {},
    "_validate_entries": {},
    "check_enabled": {},
    "compute_grad_norm_valid": {},
    "elastic_checkpoint_deprecated": {},
    "offload_ratio_check": {},
    "overlap_comm_valid": {},
    "set_pipeline": {},
}
"""What each validator of a model adds to its keys. A validator missing here stops the tool."""

WRITTEN: dict[tuple[str, str], Fact] = {
    ("ZenFlowConfig", "self.update_interval < 1"): {"update_interval": {"minimum": 1}},
}
"""What a model's keys have on top if this stands in its source: not all versions check it."""

INERT = {1: {"offload_ratio_check"}}
"""Validators without effect, by generation of pydantic: it asks for an attribute of a dict."""

BLOCK_VALIDATORS = {
    "DeepSpeedZeroLeafModuleConfig": {"nullable": True, "rule": "null_is_empty"},
}
"""Whole blocks that a validator changes before they are read."""

OPEN = {
    "amp": "passed to apex.amp.initialize",
    "autotuning.arg_mappings": "names of the training script's own options",
    "compression_training": "many nested groups; removed in 0.19",
    "curriculum_learning": "passed to the curriculum scheduler",
    "data_efficiency.data_routing.random_ltd": "passed to the random-LTD scheduler",
    "data_efficiency.data_sampling.curriculum_learning": "passed to the data sampler",
    "data_efficiency.data_sampling.dynamic_batching": "passed to the batch planner",
    "datastates_ckpt": "passed to the DataStates engine",
    "optimizer.params": "passed to the optimizer's constructor",
    "progressive_layer_drop": "passed to ProgressiveLayerDrop",
    "quantize_training": "read by the quantizer; removed in 0.19",
    "scheduler.params": "passed to the scheduler's constructor",
    "sparse_attention": "keys depend on its mode; removed in 0.19",
}
"""Blocks whose unknown keys are not lost: somebody behind the configuration reads them."""

READ_LATER = {
    "data_parallel_size": "__init__.py",
    "pipeline.use_reentrant": "runtime/pipe/engine.py",
    "sequence_parallel_size": "__init__.py",
}
"""Keys that ``DeepSpeedConfig`` itself does not ask for, with the file that does."""

SCENARIOS: tuple[Fact, ...] = (
    {
        "elasticity": {
            "enabled": True,
            "max_train_batch_size": 8,
            "micro_batch_sizes": [1],
            "version": 0.2,
        }
    },
)
"""Configurations that are read further than the blocks that the recorder makes up."""

CONTEXT: dict[str, Fact] = {
    "fp16": {"enabled": True, "initial_scale_power": 16},
    "optimizer": {"type": "Adam"},
    "scheduler": {"type": "WarmupLR"},
}
"""What a block needs beside the key that is asked about, so that the key is read at all."""

OTHERS_DECIDE = {
    "aio.use_gds": "only a CUDA accelerator accepts it",
    "elasticity.enabled": "the block must be complete",
    "fp16.fp16_master_weights_and_grads": "the ZeRO stage must fit",
}
"""Keys whose refusal says more about the machine or other keys than about the value."""

RELATED: dict[str, Fact] = {
    "train_batch_size": {"train_micro_batch_size_per_gpu": 1},
    "train_micro_batch_size_per_gpu": {},
    "gradient_accumulation_steps": {"train_micro_batch_size_per_gpu": 1},
}
"""The batch keys depend on one another: what stands beside each while values are tried."""

CHECKPOINT_TAGS = ["Warn", "Ignore", "Fail"]
DTYPES = ["fp16", "bf16", "fp32"]
FLOAT_NAMES = ["fp16", "float16", "half", "fp32", "float32", "float", "bf16", "bfloat16", "int8"]
OPTIONAL_STRING = {"type": "string", "nullable": True}
POSITIVE = {"type": "int", "above": 0}

TYPES: dict[str, Fact] = {
    "activation_checkpointing.number_checkpoints": {"type": "int", "nullable": True},
    "autotuning.arg_mappings": {"type": "block", "nullable": True},
    "autotuning.max_train_batch_size": {"type": "int", "nullable": True},
    "autotuning.metric": {"type": "choice", "choices": ["latency", "throughput", "flops"]},
    "autotuning.metric_path": {"type": "string", "nullable": True},
    "autotuning.model_info": {"type": "block", "nullable": True},
    "autotuning.model_info.hidden_size": {"type": "int", "nullable": True},
    "autotuning.model_info.num_layers": {"type": "int", "nullable": True},
    "autotuning.model_info.num_params": {"type": "int", "nullable": True},
    "autotuning.model_info_path": {"type": "string", "nullable": True},
    "autotuning.tuner_type": {"type": "choice", "choices": ["gridsearch", "random", "model_based"]},
    "allgather_size": {"type": "int", "default": 500000000, "deprecated": True},
    "checkpoint.tag_validation": {
        "type": "choice",
        "choices": CHECKPOINT_TAGS,
        "fold_case": True,
        "default": "Warn",
    },
    "checkpoint.writer": {"type": "block", "nullable": True},
    "checkpoint.writer.data_parallel": {
        "type": "choice",
        "choices": ["replica", "socket", "machine"],
        "fold_case": True,
        "nullable": True,
    },
    "checkpoint.writer.type": {
        "type": "choice",
        "choices": ["mock", "python", "fast"],
        "fold_case": True,
        "default": "fast",
    },
    "communication_data_type": {
        "type": "choice",
        "choices": DTYPES,
        "fold_case": True,
        "nullable": True,
    },
    "data_efficiency.data_sampling.curriculum_learning.curriculum_metrics": {"type": "object"},
    "data_efficiency.data_sampling.dynamic_batching.max_batch_size": {
        "type": "int",
        "nullable": True,
    },
    "data_efficiency.data_sampling.dynamic_batching.max_tokens": {"type": "int", "nullable": True},
    "data_parallel_size": {"type": "int", "nullable": True},
    "data_types.buffer_dtype": {"type": "choice", "choices": DTYPES, "nullable": True},
    "data_types.grad_accum_dtype": {"type": "choice", "choices": DTYPES, "nullable": True},
    "data_types.keep_in_fp32_modules": {"type": "auto|list", "items": "string"},
    "data_types.param_dtype": {"type": "choice", "choices": DTYPES, "nullable": True},
    "datastates_ckpt": {"type": "block", "default": None},
    "elasticity.max_train_batch_size": {"type": "int", "default": 2000},
    "elasticity.micro_batch_sizes": {"type": "list", "items": "int", "default": [2, 4, 6]},
    "expert_parallel.combine_impl": {
        "type": "choice",
        "choices": ["auto", "weighted_sum", "fused_weighted_sum", "legacy_bmm"],
    },
    "expert_parallel.comm_backend": {"type": "choice", "choices": ["comm", "deepep"]},
    "expert_parallel.expert_activation": OPTIONAL_STRING,
    "expert_parallel.expert_pattern": OPTIONAL_STRING,
    "expert_parallel.expert_w1": OPTIONAL_STRING,
    "expert_parallel.expert_w2": OPTIONAL_STRING,
    "expert_parallel.expert_w3": OPTIONAL_STRING,
    "expert_parallel.gate_up_impl": {"type": "choice", "choices": ["separate", "fused"]},
    "expert_parallel.has_shared_experts": {"type": "bool", "nullable": True},
    "expert_parallel.load_balance_coeff": {"type": "null"},
    "expert_parallel.moe_layer_pattern": OPTIONAL_STRING,
    "expert_parallel.num_expert_groups": {**POSITIVE, "nullable": True},
    "expert_parallel.num_experts_attr": OPTIONAL_STRING,
    "expert_parallel.num_limited_groups": {**POSITIVE, "nullable": True},
    "expert_parallel.preset_model": OPTIONAL_STRING,
    "expert_parallel.route_norm": {"type": "bool", "nullable": True},
    "expert_parallel.routed_scaling_factor": {"type": "auto|float"},
    "expert_parallel.router_pattern": OPTIONAL_STRING,
    "expert_parallel.row_weighting_impl": {"type": "choice", "choices": ["auto", "eager", "fused"]},
    "expert_parallel.score_apply": {"type": "choice", "choices": ["auto", "pre", "post"]},
    "expert_parallel.score_func": {"type": "choice", "choices": ["auto", "softmax", "sigmoid"]},
    "expert_parallel.shared_experts_gate_pattern": OPTIONAL_STRING,
    "expert_parallel.shared_experts_pattern": OPTIONAL_STRING,
    "expert_parallel.top_k": {"type": "auto|int"},
    "expert_parallel.top_k_attr": OPTIONAL_STRING,
    "fp16.loss_scale": {"type": "float"},
    "flops_profiler.output_file": {"type": "string", "nullable": True},
    "gradient_accumulation_steps": {**POSITIVE, "nullable": True},
    "gradient_allreduce_op": {"type": "choice", "choices": ["mean", "sum"], "fold_case": True},
    "gradient_clipping": {"type": "float"},
    "gradient_predivide_factor": {"type": "float"},
    "log_level": {"type": "string", "nullable": True},
    "nebula.nebula_load_path": {"type": "string", "nullable": True},
    "nebula.persistent_storage_path": {"type": "string", "nullable": True},
    "optimizer.legacy_fusion": {"type": "bool", "default": False},
    "optimizer.params": {"type": "block", "nullable": True},
    "optimizer.type": {"type": "string"},
    "pipeline.stages": {"type": "auto|int"},
    "pipeline.use_reentrant": {"type": "bool", "default": True},
    "scheduler.params": {"type": "block", "nullable": True},
    "scheduler.type": {"type": "string"},
    "seq_parallel_comm_data_type": {"type": "choice", "choices": DTYPES, "fold_case": True},
    "seq_parallel_communication_data_type": {
        "type": "choice",
        "choices": DTYPES,
        "fold_case": True,
        "nullable": True,
    },
    "sequence_parallel_size": {"type": "int", "nullable": True},
    "steps_per_print": {"type": "int", "nullable": True},
    "torch_autocast.dtype": {"type": "choice", "choices": FLOAT_NAMES},
    "torch_autocast.lower_precision_safe_modules": {"type": "list", "items": "string"},
    "train_batch_size": {**POSITIVE, "nullable": True},
    "train_micro_batch_size_per_gpu": {**POSITIVE, "nullable": True},
    "vocabulary_size": {"type": "int", "nullable": True},
}

REPLACED_BY = {
    "allgather_size": ["zero_optimization.allgather_bucket_size"],
    "amp": ["fp16", "bf16", "torch_autocast"],
    "curriculum_learning": ["data_efficiency.data_sampling.curriculum_learning"],
    "elasticity": ["train_batch_size", "train_micro_batch_size_per_gpu"],
}
"""Where the setting of a removed or old key is found now, if anywhere."""

ALIASES = {"bf16": ["bfloat16"]}
"""Top-level blocks with two names; the first that is there counts."""
