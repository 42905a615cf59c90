"""What pydantic 2 makes of a JSON value in its lax mode (DeepSpeed 0.15 and later)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dsdoctor.job.schema.keys import Key
from dsdoctor.job.schema.refused import RefusedError

TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))
FALSE = frozenset(("0", "off", "f", "false", "n", "no"))
WHOLE = re.compile(r"[+-]?[0-9]+(_[0-9]+)*(\.0+)?")
DECIMAL = re.compile(
    r"[+-]?(inf(inity)?|nan|([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?)", re.IGNORECASE
)
SEPARATORS = frozenset("\x1c\x1d\x1e\x1f")
"""Blanks for Python, not for pydantic."""

LONGEST = 4300
"""Digits of the longest number that Python reads."""

WIDEST = 2.0**63
"""Floats from here on are refused as integers, although integers of that size are not."""


def convert(key: Key, value: Any) -> Any:
    """The value in the key's type.

    Raises:
        RefusedError: there is no such value.
    """
    if key.type == "choice":
        return chosen(key.choices, value)
    if key.type == "list":
        return list_of(key.items, value)
    if key.type == "string|int":
        return value if isinstance(value, str) else to_int(value)
    if key.type == "any":
        return value
    reader = READERS.get(key.type)
    if reader is None:
        raise RefusedError
    return reader(value)


def to_bool(value: Any) -> bool:
    """True, 1, 1.0, "yes" and their like; no blanks around them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    raise RefusedError


def to_int(value: Any) -> int:
    """Numbers without a fraction, and strings of digits: never "1e9"."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and abs(value) < WIDEST and value.is_integer():
        return int(value)
    if isinstance(value, str) and len(value) <= LONGEST:
        text = _trimmed(value)
        if WHOLE.fullmatch(text):
            return int(text.partition(".")[0])
    raise RefusedError


def to_float(value: Any) -> float:
    """Any number, and any string that is one, nan and inf among them."""
    if isinstance(value, str):
        text = _trimmed(value)
        if text != text.strip("_") or "__" in text or not DECIMAL.fullmatch(text.replace("_", "")):
            raise RefusedError
        return float(text.replace("_", ""))
    if not isinstance(value, int | float):
        raise RefusedError
    try:
        return float(value)
    except OverflowError:
        raise RefusedError from None


def _trimmed(text: str) -> str:
    if SEPARATORS.intersection(text):
        raise RefusedError
    return text.strip()


def to_string(value: Any) -> str:
    """Strings only."""
    if isinstance(value, str):
        return value
    raise RefusedError


def to_mapping(value: Any) -> dict[str, Any]:
    """Mappings only."""
    if isinstance(value, dict):
        return value
    raise RefusedError


def chosen(choices: tuple[str | int, ...], value: Any) -> str | int:
    """One of the choices. Where they are numbers, what reads as one is one."""
    numbers = all(isinstance(choice, int) for choice in choices)
    if numbers and not isinstance(value, list | dict):
        value = to_int(value)
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    raise RefusedError


def list_of(items: str | tuple[str | int, ...], value: Any) -> list[Any]:
    """A list of which every element is accepted."""
    if not isinstance(value, list):
        raise RefusedError
    if isinstance(items, tuple):
        return [chosen(items, item) for item in value]
    return value if items == "any" else [READERS[items](item) for item in value]


READERS: dict[str, Callable[[Any], Any]] = {
    "block": to_mapping,
    "bool": to_bool,
    "float": to_float,
    "int": to_int,
    "object": to_mapping,
    "path": to_string,
    "string": to_string,
}
