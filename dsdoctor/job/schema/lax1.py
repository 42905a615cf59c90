"""What pydantic 1 makes of a JSON value (DeepSpeed 0.14 and before)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsdoctor.job.schema.keys import Key
from dsdoctor.job.schema.refused import RefusedError

TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))
FALSE = frozenset(("0", "off", "f", "false", "n", "no"))
LONGEST = 4300


def convert(key: Key, value: Any) -> Any:
    """The value in the key's type.

    Raises:
        RefusedError: there is no such value.
    """
    if value is None:
        raise RefusedError
    if key.type == "choice":
        return chosen(key.choices, value)
    if key.type == "any":
        return value
    return READERS[key.type](value)


def to_bool(value: Any) -> bool:
    """True, 1, 1.0, "yes" and their like."""
    if isinstance(value, str):
        word = value.lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    elif isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise RefusedError


def to_int(value: Any) -> int:
    """Whatever ``int`` takes: a fraction is cut off without a word."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise RefusedError
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise RefusedError from None


def to_float(value: Any) -> float:
    """Whatever ``float`` takes."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise RefusedError from None


def to_string(value: Any) -> str:
    """Strings, and numbers as text."""
    if isinstance(value, str | int | float):
        return str(value)
    raise RefusedError


def to_path(value: Any) -> str:
    """Strings only."""
    if isinstance(value, str):
        return value
    raise RefusedError


def to_list(value: Any) -> list[Any]:
    """Lists only."""
    if isinstance(value, list):
        return value
    raise RefusedError


def to_mapping(value: Any) -> dict[Any, Any]:
    """Mappings, and lists of pairs."""
    try:
        return dict(value)
    except (TypeError, ValueError):
        raise RefusedError from None


def to_block(value: Any) -> dict[Any, Any]:
    """Mappings and what is empty. Pairs are left out: whether their keys are known matters."""
    if isinstance(value, dict) or value in ([], ""):
        return dict(value)
    raise RefusedError


def chosen(choices: tuple[str | int, ...], value: Any) -> str | int:
    """Equal to one of the choices: 2.0 and true are stages, "2" is none."""
    for choice in choices:
        if choice == value:
            return choice
    raise RefusedError


READERS: dict[str, Callable[[Any], Any]] = {
    "block": to_block,
    "bool": to_bool,
    "float": to_float,
    "int": to_int,
    "list": to_list,
    "object": to_mapping,
    "path": to_path,
    "string": to_string,
}
