"""Which values ``DeepSpeedConfig`` refuses: found by handing them over, one at a time."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tools.ds_schema import facts
from tools.ds_schema.recorder import Load, nested

UNKNOWN = "dsdoctor_unknown_key"

SAMPLES: dict[str, Any] = {
    "false": False,
    "float": 1.5,
    "int": 2,
    "list": ["dsdoctor"],
    "negative": -1,
    "null": None,
    "numbers": [1],
    "object": {},
    "string": "dsdoctor",
    "true": True,
    "whole": 2.0,
    "zero": 0,
}
"""One value of each kind that a reader may treat in its own way."""


def around(path: str, value: object) -> dict[str, Any]:
    """The smallest configuration with this value in it."""
    parent = path.rpartition(".")[0]
    base = facts.RELATED.get(path, {"train_batch_size": 1})
    # DeepSpeed writes into what it is given.
    return deepcopy({**base, **nested(path, value, facts.CONTEXT.get(parent))})


def refusal(load: Load, path: str, value: object) -> Exception | None:
    """What reading the configuration raises, if anything."""
    try:
        load(around(path, value))
    except Exception as error:  # noqa: BLE001  # any exception at all is the answer
        return error
    return None


def refused_kinds(load: Load, path: str) -> list[str]:
    """The kinds of value that stop the configuration from being read."""
    if path in facts.OTHERS_DECIDE:
        return []
    kinds = {kind for kind, value in SAMPLES.items() if refusal(load, path, value)}
    if path in facts.RELATED:
        kinds.discard("null")  # it is as good as no key, and some batch key must be there
    return sorted(kinds)


def is_strict(load: Load, path: str) -> bool:
    """Whether an unknown key in this block is an error, and not just an unreadable block."""
    own = facts.CONTEXT.get(path, {})
    return refusal(load, path, own) is None and bool(refusal(load, path, {**own, UNKNOWN: 1}))
