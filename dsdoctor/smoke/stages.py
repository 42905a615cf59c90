"""Do runs that differ in the ZeRO stage only train alike?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from dsdoctor.smoke.judge import FULL, HALF, tolerance
from dsdoctor.smoke.result import Check, SmokeResult

ALIKE = 5e-3
"""Relative differences of losses in 16 bits that are not more than rounding; eight times what was
measured at most on GPUs and CPUs (docs/smoke.md)."""
EMPTY_STEP = 5e-2
"""The same where one of the two is stage 0 in 16 bits: there DeepSpeed makes Adam's states by a
step without gradients, which Adam counts, and its first real step is scaled as a second one
(deepspeed 0.19.8 runtime/fp16/fused_optimizer.py and unfused_optimizer.py,
initialize_optimizer_states)."""


def stages_agree(results: Mapping[int, SmokeResult]) -> Check:
    """The losses of the stages against each other, step by step, on each rank.

    Args:
        results: by ZeRO stage, runs of one seed and otherwise one configuration.
    """
    worst = Check("stages agree", True, "no other stage ran")
    nearest = -1.0
    for base, stage in _neighbours(sorted(results)):
        gap, limit = _gap(results[base], results[stage]), _allowed(base, results[stage])
        if gap / limit > nearest:
            nearest = gap / limit
            told = f"stage {stage} against {base}: {gap:.1e}, allowed {limit:.0e}"
            worst = Check("stages agree", gap <= limit, told)
    return worst


def _neighbours(stages: Sequence[int]) -> list[tuple[int, int]]:
    """Stage 0 against the lowest that partitions, and that one against the others."""
    if len(stages) > 2 and stages[0] == 0:
        return [(stages[0], stages[1]), *((stages[1], stage) for stage in stages[2:])]
    return [(stages[0], stage) for stage in stages[1:]]


def _allowed(base: int, other: SmokeResult) -> float:
    limit = tolerance(other.plan.config) if other.plan else FULL
    if limit == HALF:
        return ALIKE if base else EMPTY_STEP
    return limit


def _gap(one: SmokeResult, other: SmokeResult) -> float:
    """The largest relative difference of two losses of the same rank and step."""
    losses = {record.rank: record.losses for record in other.ranks}
    pairs = [
        (left, right)
        for record in one.ranks
        for left, right in zip(record.losses, losses.get(record.rank, ()), strict=False)
    ]
    if not pairs or not all(isfinite(value) for pair in pairs for value in pair):
        return float("inf")
    return max(abs(left - right) / max(abs(left), abs(right), 1e-12) for left, right in pairs)
