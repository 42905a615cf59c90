"""The batch sizes for another number of ranks: right ones stay right, wrong ones stay wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from dsdoctor.checks.batch import MICRO, STEPS, TRAIN, Triangle, adds_up, completed, triangle
from dsdoctor.job.parallel import sequence_parallel_size
from dsdoctor.job.spec import JobSpec
from dsdoctor.smoke.draft import Draft


@dataclass(frozen=True, slots=True)
class Sizes:
    """The micro batch that each rank is fed, and the micro batches of a step."""

    micro: int
    steps: int


MOST = 1 << 40
"""No batch has more samples; what is written beyond is left as it is."""
ACCUMULATION = 4
"""Micro batches in a step that are enough to see accumulation at work."""


def fit(
    draft: Draft,
    spec: JobSpec,
    ranks: int,
    micro: int | None,
    most: int | None,
    *,
    auto_filled: bool = False,
    elsewhere: bool = False,
) -> Sizes:
    """Fit the batch sizes to ``ranks``, and to the micro batch asked for or the most allowed.

    Args:
        draft: where the sizes are written.
        spec: the same job, with whatever fills "auto" known.
        ranks: of the smoke job.
        micro: the micro batch that the user wants.
        most: the largest micro batch otherwise; None for any.
        auto_filled: Accelerate works out what says "auto".
        elsewhere: the user's own job has surely other ranks than this run; where nobody knows how
            many, the sizes themselves tell.
    """
    sides = triangle(spec)
    if auto_filled:
        sides = Triangle(*map(_number, (sides.train, sides.micro, sides.steps)))
    here = _data_parallel(spec, ranks)
    there = _data_parallel(spec, spec.ranks) if spec.ranks else _told(sides, elsewhere) or here
    whole = completed(sides, there) if _computable(sides) else None
    if whole is None:
        return Sizes(micro or 1, 1)
    if not adds_up(whole, there):
        _stay_wrong(draft, sides, there, here)
        if not spec.ranks and (told := _told(sides, elsewhere=True)):
            draft.notes.append(f"They would fit {told} ranks: if the job has them, --world-size")
        return Sizes(max(1, int(whole.micro)), max(1, int(whole.steps)))
    sizes = Sizes(
        micro or min(int(whole.micro), most or int(whole.micro)),
        min(int(whole.steps), ACCUMULATION),
    )
    _write(draft, sizes, here)
    if there != here and not spec.ranks:
        draft.notes.append(f"The batch sizes fit {there} ranks; if that is wrong, --world-size N")
    return sizes


def _told(sides: Triangle, elsewhere: bool) -> Fraction | None:
    """The ranks at which three given sizes add up."""
    given = (sides.train, sides.micro, sides.steps)
    if not elsewhere or not all(isinstance(side, int) and 0 < side < MOST for side in given):
        return None
    ranks, rest = divmod(sides.train, sides.micro * sides.steps)
    return Fraction(ranks) if ranks and not rest else None


def _computable(sides: Triangle) -> bool:
    """DeepSpeed's own arithmetic has no answer to the others."""
    given = [side for side in (sides.train, sides.micro, sides.steps) if side is not None]
    return sides.known and all(abs(side) < MOST for side in given) and sides.micro != 0


def _number(side: Any) -> Any:
    return side if isinstance(side, (int, float)) else None


def _data_parallel(spec: JobSpec, ranks: int) -> Fraction:
    """What DeepSpeed calls world_size in the batch arithmetic."""
    return Fraction(ranks, sequence_parallel_size(spec))


def _write(draft: Draft, sizes: Sizes, ranks: Fraction) -> None:
    """Only the sizes that the user wrote as numbers: DeepSpeed works out the others."""
    train = math.floor(sizes.micro * sizes.steps * ranks)
    for name, value in ((MICRO, sizes.micro), (STEPS, sizes.steps), (TRAIN, train)):
        if isinstance(draft.get((name,)), (int, float)):
            draft.change((name,), value)


def _stay_wrong(draft: Draft, sides: Triangle, there: Fraction, here: Fraction) -> None:
    """Batch sizes that DeepSpeed refuses there, it must refuse here too."""
    named = f"{there} ranks" if there.denominator == 1 else "the ranks"
    draft.notes.append(f"The batch sizes do not fit {named}; left wrong as they are")
    if sides.train is None or there == here:
        return
    for train in (math.floor(sides.train * here / there), sides.train, sides.train + 1):
        whole = completed(replace(sides, train=train), here)
        if whole and not adds_up(whole, here):
            draft.change((TRAIN,), train, f"as wrong for {here} ranks as it was for {there}")
            return
