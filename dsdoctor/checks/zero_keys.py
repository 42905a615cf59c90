"""Which ZeRO stages read which key of ``zero_optimization``.

Read from deepspeed 0.19.8 runtime/engine.py (_configure_zero_optimizer), zero/stage_1_and_2.py,
zero/stage3.py, zero/partition_parameters.py, and of 0.14.5 and 0.16.9.
"""

from __future__ import annotations

from collections.abc import Mapping

from dsdoctor.job.names import names
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.spec import JobSpec

ZERO = "zero_optimization"

AT_STAGE_3: frozenset[str] = names(
    """
        prefetch_bucket_size param_persistence_threshold model_persistence_threshold
        max_live_parameters max_reuse_distance gather_16bit_weights_on_model_save
        module_granularity_threshold use_all_reduce_for_fetch_params allgather_sequential
        sub_group_size zero_hpz_partition_size zero_quantized_weights
        zero_quantized_nontrainable_weights zero_quantized_gradients memory_efficient_linear
        override_module_apply log_trace_cache_warnings enable_sanity_checks
        save_muon_momentum_buffer_in_memory leaf_module
    """
)
"""Read at stage 3 only; the names of the fields, whose aliases begin with ``stage3_``."""

BELOW_STAGE_3: frozenset[str] = names(
    """
        allgather_bucket_size use_multi_rank_bucket_allreduce round_robin_gradients
        ignore_unused_parameters parameter_alignment
    """
)
"""Read at stages 1 and 2 only."""

FEATURES: frozenset[str] = names(
    """
        zero_hpz_partition_size zero_quantized_weights zero_quantized_nontrainable_weights
        zero_quantized_gradients
    """
)
"""Whoever sets one of these expects less communication or memory, and does not get it."""

STAGES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(AT_STAGE_3, (3,)),
    **dict.fromkeys(BELOW_STAGE_3, (1, 2)),
}


def zero(*rest: str) -> Path:
    """The way to a key of ``zero_optimization``."""
    return (ZERO, *rest)


def zero_settings(spec: JobSpec, wanted: frozenset[str]) -> tuple[Setting, ...]:
    """Those of ``wanted`` that are written and known in this version, in the file's order."""
    found = [spec.setting(zero(name)) for name in wanted if spec.schema.key(zero(name))]
    return tuple(sorted((item for item in found if item), key=_in_file))


def _in_file(setting: Setting) -> tuple[int, int]:
    return setting.place.line, setting.place.column


def field_of(spec: JobSpec, setting: Setting) -> str:
    """The field's name behind the spelling in ``setting``."""
    key = spec.schema.key((ZERO, setting.name.rsplit(".", 1)[-1]))
    return key.name if key else setting.name
