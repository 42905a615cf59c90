"""Sums in remedies: ``{micro/2}`` is half of the job's own micro batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

KEY_OF: Mapping[str, str] = {
    "micro": "train_micro_batch_size_per_gpu",
    "gas": "gradient_accumulation_steps",
    "train": "train_batch_size",
}
"""Short names; any other name is a dotted key itself."""

_SUM = re.compile(r"^\{(?P<name>[a-z0-9_.]+) ?(?P<sign>[*/]) ?(?P<number>\d{1,9})\}$")


def has_sums(patch: Any) -> bool:
    """Does the patch need the job's own numbers?"""
    if isinstance(patch, Mapping):
        return any(has_sums(value) for value in patch.values())
    return isinstance(patch, str) and _SUM.match(patch) is not None


def worked_out(patch: Any, number_of: Callable[[str], int | None]) -> Any:
    """The patch with its sums done.

    Args:
        patch: RFC 7396 merge patch, perhaps with sums.
        number_of: the job's number at a dotted key, None where it is not known.

    Raises:
        LookupError: a number is not known.
        ArithmeticError: a division does not come out whole.
    """
    if isinstance(patch, Mapping):
        return {key: worked_out(value, number_of) for key, value in patch.items()}
    match = _SUM.match(patch) if isinstance(patch, str) else None
    if match is None:
        return patch
    number = number_of(KEY_OF.get(match["name"], match["name"]))
    if number is None:
        raise LookupError(match["name"])
    return _result(number, match["sign"], int(match["number"]))


def _result(left: int, sign: str, right: int) -> int:
    if sign == "*":
        return left * right
    if not right or left % right or left < right:
        raise ArithmeticError(f"{left} / {right}")
    return left // right
