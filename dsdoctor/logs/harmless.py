"""JSON that another host sent, made harmless: no control characters, no huge numbers or texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from dsdoctor.errors import DsDoctorError
from dsdoctor.logs.clean import MAX_LINE_CHARS, clean

MAX_STRING_LINES = 64
_PLACES = 1 << 53
"""Numbers beyond are no line, rank or size of anything."""

_SUSPECT = re.compile(
    r"\\[^\"\\/nt]|\d{16}|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""In JSON: escapes of other than quotes, tabs and line ends; huge numbers; control characters."""

_Any = TypeVar("_Any")


class ForeignError(DsDoctorError):
    """What another host sent is no document of ours."""


@dataclass(frozen=True, slots=True)
class _Kind:
    schema: str


def document(data: bytes, schema: str, kind: type[_Any]) -> _Any:
    """The document in ``data``, whose field ``schema`` must say ``schema``, as ``kind``, cleaned.

    Raises:
        ForeignError: it is none, or one of another schema.
    """
    try:
        found = msgspec.json.decode(data, type=_Kind).schema
        if found != schema:
            raise ForeignError(f"not a document of kind {schema} but {clean_text(found)[:40]!r}")
        return decoded(data, kind)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ForeignError(f"damaged: {clean(str(error).encode())[:200]}") from None


def decoded(data: bytes, kind: type[_Any]) -> _Any:
    """The JSON in ``data`` as ``kind``, its text cleaned.

    Raises:
        msgspec.MsgspecError, ValueError, RecursionError: it is none, or not of that kind.
    """
    if _is_harmless(data.decode()):
        return msgspec.json.decode(data, type=kind)
    return msgspec.convert(_harmless(msgspec.json.decode(data)), kind)


def _is_harmless(text: str) -> bool:
    """Has the JSON nothing to clean? So it is with what our own ``clean`` has seen before."""
    return not _SUSPECT.search(text) and max(map(len, text.split('"'))) <= MAX_LINE_CHARS


def _harmless(value: object) -> object:
    """The decoded JSON with every string cleaned and every number in bounds."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _harmless(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_harmless(item) for item in value]
    if isinstance(value, int) and abs(value) > _PLACES:
        raise ValueError("a number out of bounds")
    return value


def clean_text(text: str) -> str:
    """Text as ``clean`` leaves it, line by line: exceptions have messages of several lines."""
    if len(text) <= MAX_LINE_CHARS and text.isprintable():
        return text
    lines = text.split("\n", MAX_STRING_LINES)[:MAX_STRING_LINES]
    return "\n".join(clean(line.encode("utf-8", "replace")) for line in lines)
