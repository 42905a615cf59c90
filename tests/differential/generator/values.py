"""Values for keys: such as the schema asks for, and such as people put there."""

from __future__ import annotations

from random import Random
from typing import Any

from dsdoctor.job.schema.keys import Key

WRONG: tuple[Any, ...] = (
    "true", "false", "True", "on", "5e8", "1e9", "500000000", "16", "1.5", "auto", "auto", "none",
    "None", "", "zero2", "cpu", True, False, None, None, 0, 1, 2, -1, 1.5, 0.5, -0.1, 1e9, 2.0,
    10**12, [], [1], ["a"], {}, {"enabled": True}, {"device": "cpu"},
)  # fmt: skip
"""What stands where something else belongs."""


def sound(random: Random, key: Key) -> Any:
    """A value that the key is made for."""
    if key.choices:
        return random.choice(key.choices)
    kind = key.type.split("|")[-1]
    if kind == "bool":
        return random.choice((True, False, True, False, not key.default))
    if kind in ("int", "float"):
        return _number(random, key, kind)
    if kind in ("list", "object", "block"):
        return [] if kind == "list" else {}
    if kind == "path":
        return random.choice(("/local_nvme", "nvme"))
    return key.default if isinstance(key.default, str) else "name"


def _number(random: Random, key: Key, kind: str) -> Any:
    """Near the default, inside the bounds."""
    default = key.default if isinstance(key.default, (int, float)) else 1
    low = key.minimum if key.minimum is not None else (key.above or 0)
    high = key.maximum if key.maximum is not None else key.below
    if kind == "float" or high is not None:
        return random.choice((default, (low + (high if high is not None else low + 2)) / 2))
    return random.choice((default, 2 * int(default), max(int(low) + 1, int(default) // 2), 1e8))


def beyond(random: Random, key: Key) -> Any:
    """A number just outside the bounds, or far outside anything sensible."""
    low = key.minimum if key.minimum is not None else key.above
    high = key.maximum if key.maximum is not None else key.below
    edges = [edge for edge in (low, high) if edge is not None]
    outside = [edge + step for edge in edges for step in (-1, 0, 1, -0.5, 0.5)]
    return random.choice([*outside, -1, 0, 10**12])
