"""Did you mean: the known keys that an unknown one may stand for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dsdoctor.job.place import Path, path_of
from dsdoctor.job.schema.distance import closeness

if TYPE_CHECKING:
    from dsdoctor.job.schema.load import Schema

LIMIT = 3
LONGEST = 80
SPREAD = 0.2
"""How much worse than the best a suggestion may be."""

CLOSE = 0.72
SHORT = 5
FAR_CLOSE = 0.86
"""A key of another block must be nearly right: there are many, and one is always a bit alike."""

SURE = 1.84
"""A key of the same block that is this close needs no others beside it."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "accumulation_steps": ("gradient_accumulation_steps",),
    "batch_size": ("train_batch_size", "train_micro_batch_size_per_gpu"),
    "betas": ("optimizer.params",),
    "cpu_checkpoint": ("cpu_checkpointing",),
    "cpu_offload_optimizer": ("zero_optimization.offload_optimizer",),
    "cpu_offload_params": ("zero_optimization.offload_param",),
    "entity": ("wandb.team",),
    "eps": ("optimizer.params",),
    "fp32_allreduce": ("communication_data_type",),
    "gas": ("gradient_accumulation_steps",),
    "global_batch_size": ("train_batch_size",),
    "grad_accum_steps": ("gradient_accumulation_steps",),
    "grad_acc_dtype": ("data_types.grad_accum_dtype",),
    "grad_clip": ("gradient_clipping",),
    "gradient_clip_val": ("gradient_clipping",),
    "learning_rate": ("optimizer.params",),
    "load_universal_checkpoint": ("checkpoint.load_universal",),
    "logging_steps": ("steps_per_print",),
    "lr": ("optimizer.params",),
    "lr_scheduler": ("scheduler",),
    "max_grad_norm": ("gradient_clipping",),
    "mixed_precision": ("bf16", "fp16"),
    "micro_batch_size": ("train_micro_batch_size_per_gpu",),
    "micro_batch_size_per_gpu": ("train_micro_batch_size_per_gpu",),
    "offload": ("zero_optimization.offload_optimizer", "zero_optimization.offload_param"),
    "offload_params": ("zero_optimization.offload_param",),
    "per_device_train_batch_size": ("train_micro_batch_size_per_gpu",),
    "per_gpu_train_batch_size": ("train_micro_batch_size_per_gpu",),
    "precision": ("bf16", "fp16"),
    "thread_count": ("aio.intra_op_parallelism",),
    "intra_op_parallelism": ("aio.thread_count",),
    "total_num_steps": ("scheduler.params",),
    "tp_size": ("tensor_parallel.autotp_size",),
    "warmup_max_lr": ("scheduler.params",),
    "warmup_min_lr": ("scheduler.params",),
    "warmup_num_steps": ("scheduler.params",),
    "weight_decay": ("optimizer.params",),
    "zero": ("zero_optimization",),
    "zero_stage": ("zero_optimization.stage",),
}
"""Names from other tools and other versions, which no distance would find."""


@lru_cache(maxsize=256)  # a fix is tried by linting the file again
def suggest(schema: Schema, path: Path) -> tuple[Path, ...]:
    """At most ``LIMIT`` known ways, the best first; none rather than a poor one."""
    if not path or path[-1].startswith("_") or len(path[-1]) > LONGEST:
        return ()
    *parents, name = schema.canonical(path)
    block = tuple(parents)
    near = _near(schema, block, name)
    sure = max(near.values(), default=0.0) >= SURE
    ranked = near if sure else {**_far(schema, block, name), **near}
    for place, known in enumerate(_synonyms(schema, block, name)):
        ranked[known] = 2.0 - place / 10
    least = max(ranked.values(), default=0.0) - SPREAD
    good = [known for known, score in ranked.items() if score >= least]
    best = sorted(good, key=lambda known: (-ranked[known], len(known), known))
    return tuple(_current(schema, best))[:LIMIT]


def _current(schema: Schema, found: list[Path]) -> list[Path]:
    """The same with the replacement in place of every deprecated key."""
    result: list[Path] = []
    for path in found:
        key = schema.key(path)
        gone = key is not None and key.deprecated
        result += [path_of(new) for new in key.replaced_by] if key and gone else [path]
    return list(dict.fromkeys(result))


def _synonyms(schema: Schema, block: Path, name: str) -> list[Path]:
    found = [path_of(known) for known in SYNONYMS.get(name.lower(), ())]
    here = [path for path in found if path[:-1] == block]
    others = [path for path in found if path[:-1] != block]
    return [path for path in (*here, *others) if schema.key(path) is not None]


def _near(schema: Schema, block: Path, name: str) -> dict[Path, float]:
    """Keys of the same block."""
    content = schema.block(block)
    if content is None:
        return {}
    spellings = {key.name: (key.name, *key.aliases) for key in content.keys if key.name != name}
    scores = {known: max(closeness(name, n) for n in all_) for known, all_ in spellings.items()}
    return {(*block, known): 1.0 + score for known, score in scores.items() if score >= CLOSE}


def _far(schema: Schema, block: Path, name: str) -> dict[Path, float]:
    """Keys of the same or nearly the same name in other blocks."""
    same = [path for path in schema.elsewhere(name) if path[:-1] != block]
    below = [path for path in same if block and path[: len(block)] == block]
    found = dict.fromkeys(below or same, 1.9)
    if len(found) > LIMIT:
        # "enabled" stands in two dozen blocks: to name some of them would be a guess.
        return {}
    if found or len(name) < SHORT:
        return found
    others = [path for path in schema.paths if path[:-1] != block]
    alike = {
        known for known in {path[-1] for path in others} if closeness(name, known) >= FAR_CLOSE
    }
    rare = {known for known in alike if len(schema.elsewhere(known)) <= LIMIT}
    return {path: closeness(name, path[-1]) for path in others if path[-1] in rare}
