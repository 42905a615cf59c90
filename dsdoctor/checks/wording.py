"""Values and what is wanted in their place, in words."""

from __future__ import annotations

import json
from typing import Any

from dsdoctor.job.schema.keys import Key

LONGEST = 60

_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "path": "a path in quotes",
    "list": "a list",
    "object": "an object in braces",
    "block": "an object in braces",
    "string|int": '"auto" or a whole number',
    "auto|int": '"auto" or a whole number',
    "auto|float": '"auto" or a number',
    "auto|list": '"auto" or a list',
    "null": "null",
    "nothing": "to be left out: JSON has no way to write it",
}


def shown(value: Any) -> str:
    """The value as JSON spells it, cut where it is long."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def kind(value: Any) -> str:
    """What sort of JSON value this is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "number", float: "number", str: "string", list: "list", dict: "object"}
    return names.get(type(value), type(value).__name__)


def wanted(key: Key) -> str:
    """``a whole number above 0`` and the like."""
    if key.choices:
        text = _alternatives([json.dumps(choice) for choice in key.choices])
    else:
        text = _KINDS.get(key.type, key.type) + _items(key) + _bounds(key)
    return f"{text}, or null" if key.nullable else text


def _items(key: Key) -> str:
    if isinstance(key.items, tuple):
        return f" of {_alternatives([json.dumps(choice) for choice in key.items])}"
    return " of texts" if key.items == "string" else ""


def _bounds(key: Key) -> str:
    parts = [
        ("above", key.above),
        ("of at least", key.minimum),
        ("below", key.below),
        ("of at most", key.maximum),
    ]
    words = [f"{word} {bound:g}" for word, bound in parts if bound is not None]
    return f" {' and '.join(words)}" if words else ""


def _alternatives(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
