"""Where a configuration says "auto", and what DeepSpeed itself makes of it.

Read from deepspeed 0.19.8 runtime/config.py, runtime/engine.py and profiling/; each was tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.checks.patches import put
from dsdoctor.job.gap import MISSING
from dsdoctor.job.names import names
from dsdoctor.job.place import Path, Setting, dotted
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.schema.keys import Block, Key
from dsdoctor.job.spec import JobSpec

AUTO = "auto"
MICRO, TRAIN = "train_micro_batch_size_per_gpu", "train_batch_size"

ALWAYS: Mapping[str, frozenset[str]] = {
    "": names(
        """
        communication_data_type seq_parallel_communication_data_type gradient_accumulation_steps
        gradient_allreduce_op gradient_clipping log_level sequence_parallel_size steps_per_print
        train_batch_size train_micro_batch_size_per_gpu vocabulary_size wall_clock_breakdown
        """
    ),
    "flops_profiler": names("enabled"),
    "checkpoint": names("tag_validation"),
    "checkpoint.parallel_write": names("pipeline_stage"),
    "checkpoint.writer": names("data_parallel type"),
    "data_types": names("grad_accum_dtype param_dtype"),
    "torch_autocast": names("dtype"),
    "optimizer.params": names("lr betas eps weight_decay momentum"),
    "scheduler.params": names(
        """
        warmup_min_lr warmup_max_lr warmup_num_steps total_num_steps lr_range_test_min_lr
        lr_range_test_step_size cycle_min_lr cycle_max_lr cycle_first_step_size
        """
    ),
}
"""Keys at which DeepSpeed raises: as it reads the file, in initialize() or in the first step."""

WHERE_ENABLED: Mapping[str, frozenset[str]] = {
    "flops_profiler": names("module_depth profile_step recompute_fwd_factor top_modules"),
    "autotuning": names("start_profile_step end_profile_step"),
    "torch_autocast": names("lower_precision_safe_modules"),
    "expert_parallel": names(
        """
        async_split_plan autoep_size comm_backend comm_max_tokens_per_rank comm_num_sm
        comm_qp_margin expert_activation expert_tensor_parallel_size gate_up_impl
        has_shared_experts load_balance_coeff moe_layer_pattern num_expert_groups
        num_limited_groups preset_model validate_folding_routing
        """
    ),
}
"""The same, in blocks that can be switched off."""

BEFORE_REDUCE_SCATTER = (("prescale_gradients",), ("gradient_predivide_factor",))
"""Stages 1 and 2 refuse both while they scatter what they reduce."""


@dataclass(frozen=True, slots=True)
class Auto:
    """One key that says "auto". ``dropped``: DeepSpeed treats it as if it were not there."""

    path: Path
    known: Path
    key: Key | None
    dropped: bool
    setting: Setting


def autos(spec: JobSpec) -> Iterator[Auto]:
    """Every "auto" that stands alone as a value, in the order of the file."""
    yield from _below(spec, (), spec.config.data)


def _below(spec: JobSpec, base: Path, data: Mapping[str, Any]) -> Iterator[Auto]:
    block = spec.schema.block(base)
    for name, found in data.items():
        path = (*base, name)
        if found == AUTO:
            yield _auto(spec, path, block)
        elif isinstance(found, Mapping):
            yield from _below(spec, path, found)


def _auto(spec: JobSpec, path: Path, block: Block | None) -> Auto:
    key = block.find(path[-1]) if block else None
    known = spec.schema.canonical(path) if key else path
    drops = block is not None and block.drops_auto
    dropped = drops and key is not None and key.default != AUTO
    return Auto(path, known, key, dropped, Setting(dotted(path), AUTO, spec.place(path)))


def raises(spec: JobSpec, item: Auto) -> bool:
    """Does DeepSpeed raise at the word?"""
    if item.dropped:
        return False
    block, name = dotted(item.known[:-1]), item.known[-1]
    if name in ALWAYS.get(block, ()):
        return item.key is not None or _is_built(spec, item.known[0])
    if name in WHERE_ENABLED.get(block, ()):
        return value(spec, (*item.known[:-1], "enabled")) is True
    if item.known in BEFORE_REDUCE_SCATTER:
        scatters = value(spec, ("zero_optimization", "reduce_scatter")) is True
        return stage(spec) in (1, 2) and scatters
    return False


def _is_built(spec: JobSpec, what: str) -> bool:
    """Does DeepSpeed build the optimizer or scheduler whose params these are?"""
    optimizer = spec.raw(("optimizer", "type")) not in (MISSING, None)
    return optimizer or (what == "scheduler" and stage(spec) in (1, 2))


def defaults(spec: JobSpec, item: Auto) -> dict[str, Any]:
    """A patch without the word; a micro batch of 1 where there is no default at all."""
    alone = spec.raw((TRAIN,)) in (MISSING, None, AUTO)
    if item.known == (MICRO,) and alone:
        return put(item.path, 1)
    if item.known == (TRAIN,) and spec.raw((MICRO,)) in (MISSING, None):
        return {**put(item.path, None), MICRO: 1}
    return put(item.path, None)
