"""Whether DeepSpeed accepts a value for a key, and what it takes the value for."""

from __future__ import annotations

import math
from typing import Any

from dsdoctor.job.schema import lax1, lax2
from dsdoctor.job.schema.keys import Key
from dsdoctor.job.schema.refused import RefusedError

AUTO = "auto"


def coerce(key: Key, value: Any) -> tuple[bool, Any]:
    """Accepted or not, and the value that DeepSpeed goes on with.

    A refused value comes back as it was. Of a block only the kind of value is judged: what is
    in it has keys of its own. ``"auto"`` is judged like any other string; whoever asks knows
    whether the block drops it (``Block.drops_auto``).
    """
    try:
        return True, _checked(key, value) if key.checked else _plain(key, value)
    except RefusedError:
        return False, value


def _checked(key: Key, value: Any) -> Any:
    """The answer of a pydantic model."""
    value = _before(key, value)
    if value is None and key.nullable:
        return {} if key.rule == "null_is_empty" else None
    result = lax1.convert(key, value) if key.checked == 1 else lax2.convert(key, value)
    if key.rule == "auto_or_int" and isinstance(result, str):
        if result != AUTO:
            raise RefusedError
        return result
    _bounded(key, result)
    return result


def _before(key: Key, value: Any) -> Any:
    """What DeepSpeed's own validators make of the value before its type is looked at."""
    if key.rule == "string_or_list" and isinstance(value, str):
        return [value]
    if key.rule == "no_bool":
        return _without_bool(value)
    if key.rule == "finite_number":
        return _finite(value)
    return value


def _without_bool(value: Any) -> Any:
    if isinstance(value, bool) or not _reads_as(int, value):
        raise RefusedError
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not _reads_as(float, value):
        raise RefusedError
    number = float(value)
    if not math.isfinite(number):
        raise RefusedError
    return number


def _reads_as(kind: type[int] | type[float], value: Any) -> bool:
    try:
        kind(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _bounded(key: Key, value: Any) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    inside = (
        (key.minimum is None or value >= key.minimum)
        and (key.above is None or value > key.above)
        and (key.maximum is None or value <= key.maximum)
        and (key.below is None or value < key.below)
    )
    if not inside:
        raise RefusedError


def _plain(key: Key, value: Any) -> Any:
    """The answer where nobody checks types: kept as it is, unless reading it fails."""
    if value == AUTO and key.type.startswith("auto|"):
        return value
    if isinstance(value, str) and key.choices and "string" in key.refuses:
        return _chosen(key, value)
    if key.type == "bool" and isinstance(value, int) and value in (0, 1):
        return _plain_kind(key, bool(value), value)
    return _plain_kind(key, value, value)


def _plain_kind(key: Key, judged: Any, value: Any) -> Any:
    if kinds_of(judged) & set(key.refuses):
        raise RefusedError
    return value


def _chosen(key: Key, value: str) -> str:
    for choice in key.choices:
        if value == choice or (key.fold_case and value.lower() == str(choice).lower()):
            return str(choice)
    raise RefusedError


def kinds_of(value: Any) -> set[str]:
    """The kinds of ``Key.refuses`` that this value is of."""
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"true" if value else "false"}
    if isinstance(value, int | float):
        return _kinds_of_number(value)
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return {"numbers"}
    names: dict[type, str] = {str: "string", list: "list", dict: "object"}
    return {names[type(value)]} if type(value) in names else set()


def _kinds_of_number(value: int | float) -> set[str]:
    kinds = {"zero"} if value == 0 else {"negative"} if value < 0 else set()
    if isinstance(value, float):
        return kinds | {"whole" if value.is_integer() else "float"}
    return kinds or {"int"}
