"""What a wrongly written value can only mean: ``"true "`` is true, ``"5e8"`` is 500000000."""

from __future__ import annotations

import re
from typing import Any

from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Fix
from dsdoctor.checks.wording import shown
from dsdoctor.checks.written import Written
from dsdoctor.job.gap import MISSING
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.schema.keys import Key

YES = frozenset({"1", "on", "t", "true", "y", "yes", "enabled"})
NO = frozenset({"0", "off", "f", "false", "n", "no", "none", "null", "disabled", ""})
NUMBER = re.compile(r"[+-]?(\d[\d_]*(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE)
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
LONGEST = 40


def word(text: str) -> str:
    """The word itself: no blanks, no comma that an unquoted value took with it."""
    return text.strip().rstrip(",").strip().strip("\"'").lower()


def truth(text: str) -> bool | None:
    """The boolean that a word stands for; None for any other word."""
    name = word(text)
    return True if name in YES else False if name in NO else None


def number(text: str) -> int | float | None:
    """The number that a text spells, whole if it can be; None for any other text."""
    name = word(text)
    if len(name) > LONGEST:
        return None
    if GROUPED.fullmatch(name):
        name = name.replace(",", "")
    if not NUMBER.fullmatch(name):
        return None
    value = float(name.replace("_", ""))
    digits = name.replace("_", "").lstrip("+-")
    if digits.isdecimal():
        return int(name.replace("_", ""))
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def meant(key: Key, value: Any) -> Any:
    """The one value of the key's type that ``value`` can stand for; ``MISSING`` if none."""
    found = _reading(key, value)
    if found is MISSING or (type(found) is type(value) and found == value):
        return MISSING
    accepted, _ = coerce(key, found)
    return found if accepted else MISSING


def _reading(key: Key, value: Any) -> Any:
    if key.choices:
        return _choice(key, value)
    if isinstance(value, str):
        return _of_text(key, value)
    if key.type == "bool" and not isinstance(value, (list, dict)) and value in (0, 1):
        return bool(value)
    if key.type == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if key.type == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return MISSING


def _of_text(key: Key, text: str) -> Any:
    if key.type == "bool":
        switch = truth(text)
        return MISSING if switch is None else switch
    if key.type in ("int", "float", "auto|int", "auto|float", "string|int"):
        result = number(text)
        whole = isinstance(result, int) or key.type in ("float", "auto|float")
        return result if result is not None and whole else MISSING
    return MISSING


def _choice(key: Key, value: Any) -> Any:
    """Another way to write one of the choices: ``CPU``, ``"2"``, ``zero3``."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return MISSING
    name = word(str(value)).removesuffix(".0")
    for choice in key.choices:
        if name == str(choice).lower():
            return choice
    return MISSING


def corrections(item: Written) -> tuple[Fix, ...]:
    """What to write instead: the only meaning, or else the default."""
    found = meant(item.key, item.value)
    if found is not MISSING:
        summary = f"Write {shown(found)} for {item.name}"
        return (Fix(summary, put(item.path, found), safe=True),)
    default = item.key.default
    then = f"; DeepSpeed then takes {shown(default)}" if default is not None else ""
    safe = item.value is None and item.known[-1] != "stage"
    return (Fix(f"Remove {item.name}{then}", put(item.path, None), safe=safe),)
