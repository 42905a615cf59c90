"""The batch triangle: train_batch_size = micro batch x gradient accumulation x data-parallel ranks.

Read from deepspeed 0.19.8 runtime/config.py: _set_batch_related_parameters, _batch_assertion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.parallel import data_parallel_size
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import JobSpec

TRAIN, MICRO, STEPS = (
    "train_batch_size",
    "train_micro_batch_size_per_gpu",
    "gradient_accumulation_steps",
)


LARGEST = 1e15
"""A batch size beyond is not judged."""


@dataclass(frozen=True, slots=True)
class Triangle:
    """The three sizes as DeepSpeed will see them; None where one is left out."""

    train: Any
    micro: Any
    steps: Any

    @property
    def known(self) -> bool:
        """Are all that are given numbers?"""
        return all(side is None or _is_number(side) for side in self._sides)

    @property
    def _sides(self) -> tuple[Any, Any, Any]:
        return self.train, self.micro, self.steps


def triangle(spec: JobSpec) -> Triangle:
    """The batch sizes; ``UNKNOWN`` where the Trainer fills one from what is not known."""
    sides = [value(spec, (name,)) for name in (TRAIN, MICRO, STEPS)]
    return Triangle(*(None if side is MISSING else side for side in sides))


def batch_size_missing(spec: JobSpec) -> Iterator[Problem]:
    """Neither the global nor the micro batch size is given."""
    sides = triangle(spec)
    if sides.train is None and sides.micro is None:
        fix = Fix("Set the micro batch size per GPU; the global batch follows", {MICRO: 1})
        yield Problem("DSC002", {"key": MICRO}, fixes=(fix,))


def batch_triangle(spec: JobSpec) -> Iterator[Problem]:
    """The three sizes contradict each other, or the number of ranks."""
    sides, ranks = triangle(spec), data_parallel_size(spec)
    if not sides.known:
        return
    if ranks is None:
        yield from _by_themselves(spec, sides)
    elif (whole := completed(sides, ranks)) and not adds_up(whole, ranks):
        yield _problem(spec, whole, ranks)


def completed(sides: Triangle, ranks: Fraction) -> Triangle | None:
    """The triangle as DeepSpeed completes it, rounding down as it does; None without sizes."""
    train, micro, steps = sides.train, sides.micro, sides.steps
    if train is not None and micro is not None and steps is None:
        steps = math.floor(math.floor(train / micro) / ranks) if micro else 0
    elif train is not None and micro is None:
        micro = math.floor(math.floor(train / ranks) / (steps or 1))
        steps = 1 if steps is None else steps
    elif train is None and micro is not None:
        steps = 1 if steps is None else steps
        train = micro * steps * ranks
    return None if train is None else Triangle(train, micro, steps)


def adds_up(sides: Triangle, ranks: Fraction) -> bool:
    """Does DeepSpeed's own assertion hold of a whole triangle?"""
    return min(sides.train, sides.micro, sides.steps) > 0 and bool(
        sides.train == sides.micro * sides.steps * ranks
    )


def _by_themselves(spec: JobSpec, sides: Triangle) -> Iterator[Problem]:
    """Without a world size: micro x accumulation must at least divide the global batch."""
    if sides.train is None or sides.micro is None or not sides.micro or sides.steps == 0:
        return
    product = sides.micro * (sides.steps or 1)
    if product > 0 and sides.train > 0 and sides.train % product:
        yield _problem(spec, sides, None)


def _problem(spec: JobSpec, sides: Triangle, ranks: Fraction | None) -> Problem:
    values = {"train": sides.train, "micro": sides.micro, "gas": sides.steps, "world": ranks}
    settings = [spec.setting((name,)) for name in (TRAIN, MICRO, STEPS)]
    return Problem(
        "DSC001",
        {name: _shown(number) for name, number in values.items() if number is not None},
        tuple(setting for setting in (*settings, spec.world_size) if setting),
        fixes=tuple(_ways(sides, ranks)),
    )


def _ways(sides: Triangle, ranks: Fraction | None) -> Iterator[Fix]:
    """Every way to make the product come out with whole numbers."""
    micro, steps, train = sides.micro, sides.steps, sides.train
    if ranks and _whole(micro) and _whole(steps) and (product := _exact(micro * steps * ranks)):
        yield Fix(
            f"Make the global batch {product}: {TRAIN} {_shown(train)} -> {product}",
            {TRAIN: product},
        )
    for given, name, old in ((micro, STEPS, steps), (steps, MICRO, micro)):
        if ranks and _whole(train) and _whole(given) and (new := _exact(train / (given * ranks))):
            summary = f"Keep the global batch of {train}: {name} {_shown(old)} -> {new}"
            yield Fix(summary, {name: new})
    if micro is not None:
        yield Fix(f"Leave {TRAIN} away; DeepSpeed works it out from the rest", {TRAIN: None})


def _exact(number: Fraction) -> int | None:
    """The number if it is whole and at least 1."""
    return int(number) if number.denominator == 1 and number >= 1 else None


def _is_number(side: Any) -> bool:
    """A number of a size that can be computed with: floats overflow, and no batch is larger."""
    if isinstance(side, bool) or not isinstance(side, (int, float)):
        return False
    return side == 0 or 1 / LARGEST < abs(side) < LARGEST


def _whole(side: Any) -> bool:
    return isinstance(side, int) and side > 0


def _shown(number: Any) -> str:
    """A number as a person writes it: no ``4.0``."""
    if number is None:
        return "left out"
    exact = float(number)
    return str(int(exact)) if exact.is_integer() else f"{exact:g}"


CHECKS: tuple[Check, ...] = (batch_size_missing, batch_triangle)
