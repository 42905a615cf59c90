"""How much host memory ZeRO's offload takes for each parameter of the model.

Read from deepspeed 0.19.8 runtime/zero/stage_1_and_2.py (__init__, initialize_optimizer_states)
and runtime/zero/stage3.py (_create_fp16_partitions_with_defragmentation, _create_fp32_partitions,
initialize_optimizer_states, _setup_for_real_optimizer).
"""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.checks.modes import ACCUMULATION, BYTES, model_type, named_type
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec

_STATES = {"lion": 1, "adagrad": 1}
"""Numbers that a CPU optimizer keeps for each parameter; Adam keeps two."""
_FP32, _HALF = 4, 2


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes of host memory for each parameter of the model, over all hosts together.

    ``parts`` says what they are for.
    """

    each: int
    parts: tuple[str, ...]


def offload_needs(job: JobSpec) -> Needs | None:
    """None where nothing is offloaded to the CPU, or the configuration does not tell what."""
    at, weights = stage(job), model_type(job)
    if at not in (1, 2, 3) or weights is None:
        return None
    parts = []
    if offload_device(job, "optimizer") == "cpu":
        parts += _optimizer(job, at, BYTES[weights])
    if at == 3 and offload_device(job, "param") == "cpu":
        parts.append((BYTES[weights], "parameters"))
    if not parts:
        return None
    return Needs(sum(size for size, _ in parts), tuple(f"{size} {what}" for size, what in parts))


def _optimizer(job: JobSpec, at: int, weights: int) -> list[tuple[int, str]]:
    """The master copy, its gradients and the states; and one or two buffers in 16 bit.

    Stages 1 and 2 keep the new parameters there, and the sum of the gradients where they are
    accumulated over several micro batches. Stage 3 always keeps the sum, in the type of
    accumulation.
    """
    name = value(job, ("optimizer", "type"))
    numbers = _STATES.get(name.lower(), 2) if isinstance(name, str) else 2
    master = _HALF if _on(job, "master_weights_and_grads") else _FP32
    state = _HALF if value(job, ("bf16", "bf16_optimizer_states")) is True else _FP32
    share = _share(job) if at == 3 else 1.0
    return [
        (round(share * master), "master weights"),
        (round(share * numbers * state), "optimizer states"),
        (round(share * master), "gradients"),
        *_buffers(job, at, weights),
    ]


def _buffers(job: JobSpec, at: int, weights: int) -> list[tuple[int, str]]:
    if at == 3:
        return [(BYTES.get(named_type(job, ACCUMULATION) or "", weights), "sum of gradients")]
    buffers = [(weights, "new parameters")]
    steps = value(job, ("gradient_accumulation_steps",))
    if isinstance(steps, int) and steps > 1:
        buffers.append((weights, "sum of gradients"))
    return buffers


def _on(job: JobSpec, option: str) -> bool:
    """Is an option of the 16 bit blocks on? Its name begins with that of the block."""
    return any(value(job, (name, f"{name}_{option}")) is True for name in ("fp16", "bf16"))


def _share(job: JobSpec) -> float:
    """The part of the optimizer that goes to the CPU."""
    ratio = value(job, ("zero_optimization", "offload_optimizer", "ratio"))
    return float(ratio) if isinstance(ratio, int | float) and 0 < ratio < 1 else 1.0
