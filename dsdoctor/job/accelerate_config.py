"""Reads an Accelerate config file, as ``accelerate config`` writes it.

Read from accelerate 1.15: commands/config/config_args.py (the file), commands/launch.py and
utils/dataclasses.py, DeepSpeedPlugin (what becomes of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath

from dsdoctor.job.names import names
from dsdoctor.job.place import Setting
from dsdoctor.job.yaml_places import Settings, read_settings

KEYS: frozenset[str] = names(
    """
            compute_environment distributed_type mixed_precision use_cpu debug num_processes
            machine_rank num_machines gpu_ids main_process_ip main_process_port rdzv_backend
            same_network main_training_function enable_cpu_affinity fp8_config deepspeed_config
            fsdp_config parallelism_config megatron_lm_config mpirun_config downcast_bf16 tpu_name
            tpu_zone tpu_use_cluster tpu_use_sudo command_file commands tpu_vm tpu_env dynamo_config
            fp16 dynamo_backend
        """
)
"""What may stand in the file; Accelerate stops at any other key. The last two are old names."""

DEEPSPEED_KEYS: frozenset[str] = names(
    """
            deepspeed_config_file zero_stage gradient_accumulation_steps gradient_clipping
            offload_optimizer_device offload_param_device offload_optimizer_nvme_path
            offload_param_nvme_path zero3_init_flag zero3_save_16bit_model deepspeed_hostfile
            deepspeed_exclusion_filter deepspeed_inclusion_filter deepspeed_multinode_launcher
            deepspeed_moe_layer_cls_names
        """
)
"""What the block deepspeed_config may hold, and each is an option of ``accelerate launch`` too."""

REFUSED_BESIDE_CONFIG_FILE: frozenset[str] = frozenset(
    {
        "mixed_precision",
        *(
            f"deepspeed_config.{key}"
            for key in names(
                """
                    gradient_accumulation_steps gradient_clipping zero_stage
                    offload_optimizer_device offload_param_device offload_param_nvme_path
                    offload_optimizer_nvme_path zero3_save_16bit_model
                """
            )
        ),
    }
)
"""Accelerate stops where one of these stands in its file together with a deepspeed_config_file:
"the following accelerate config variables will be ignored". On the command line they pass."""

_CONFIG_FILE = "deepspeed_config.deepspeed_config_file"


def read_accelerate_config(path: FilePath) -> dict[str, Setting]:
    """The settings of an Accelerate config file under dotted names, as written.

    The old key ``fp16: true`` is given as ``mixed_precision``, which it is to Accelerate.

    Raises:
        SourceError: the file cannot be read.
    """
    return accelerate_settings(read_settings(path))


def accelerate_settings(settings: Settings) -> dict[str, Setting]:
    """The settings of a file that was read."""
    found = settings.flat()
    old = found.get("fp16")
    if old and old.value and "mixed_precision" not in found:
        found["mixed_precision"] = Setting("fp16", "fp16", old.place)
    return found


def config_file(settings: Mapping[str, Setting]) -> Setting | None:
    """The DeepSpeed configuration that the file names. Accelerate takes "none" for no file."""
    named = settings.get(_CONFIG_FILE)
    return named if named and named.value and named.value != "none" else None


def refused_beside_config_file(settings: Mapping[str, Setting]) -> tuple[Setting, ...]:
    """The settings of the file for which Accelerate stops, since it names a DeepSpeed file."""
    if config_file(settings) is None:
        return ()
    return tuple(
        setting
        for name, setting in settings.items()
        if name in REFUSED_BESIDE_CONFIG_FILE and _counts(name, setting)
    )


def _counts(name: str, setting: Setting) -> bool:
    """A block's key counts by being there; mixed_precision only with a value."""
    return name != "mixed_precision" or setting.value is not None
