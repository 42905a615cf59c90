"""Why strict JSON readers refuse a file that DeepSpeed accepts.

transformers and accelerate read ``ds_config.json`` with Python's ``json`` module.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsdoctor.job.place import Place
from dsdoctor.job.syntax.lines import BOM, LineCounter

if TYPE_CHECKING:
    from dsdoctor.job.syntax.tree import Node

_BLANKS = " \t\r\n"
_PYTHON = {"True": "true", "False": "false", "None": "null"}
_REASONS = {
    "Expecting property name": "a key without double quotes",
    "Expecting value": "a value that JSON does not know",
    "Expecting ',' delimiter": "a missing comma",
    "Expecting ':' delimiter": "a missing colon",
    "Invalid \\": "an escape that JSON does not know",
    "Invalid control": "a control character in a string",
}


class _ConstantError(ValueError):
    """``NaN`` or ``Infinity``, which Python reads as a float and Hjson as a text."""


def why_not_json(text: str, name: str, root: Node) -> tuple[Place, str] | None:
    """The first place that Python's ``json`` refuses or reads otherwise, and what stands there."""
    try:
        json.loads(text, parse_constant=_refuse)
        return None
    except json.JSONDecodeError as error:
        offset, reason = _whole(text, root) or _explain(text, root, error.pos, error.msg)
    except _ConstantError:
        node = next(_unquoted(root, text), root)
        constant = node.start, "NaN or Infinity, which DeepSpeed takes for a text"
        offset, reason = _whole(text, root) or constant
    return LineCounter(text, name).place(offset), reason


def _refuse(constant: str) -> float:
    raise _ConstantError(constant)


def _whole(text: str, root: Node) -> tuple[int, str] | None:
    """What is wrong with the file as a whole."""
    if text.startswith(BOM):
        return 0, "a byte order mark at the start of the file"
    if not text.startswith("{", root.start):
        return root.start, "no braces around the whole" if root.members else "an empty file"
    return None


def _explain(text: str, root: Node, pos: int, message: str) -> tuple[int, str]:
    """The offset and the reason for an error of ``json``."""
    while text[pos : pos + 1] and text[pos] in _BLANKS:
        pos += 1
    sign = text[pos : pos + 1]
    if sign in ("#", "/"):
        return pos, "a comment"
    trailing = _trailing_comma(text, pos)
    if trailing is not None:
        return trailing, f"a comma before the closing {text[pos:].lstrip(', ' + _BLANKS)[:1]}"
    if sign == "'":
        return pos, "single quotes"
    return _token(text, root, pos, message)


def _token(text: str, root: Node, pos: int, message: str) -> tuple[int, str]:
    """The reason that lies in one value or key."""
    for node in _unquoted(root, text):
        if node.start <= pos < node.end:
            word = node.value.rstrip(", }]")
            python = f": {word} is Python, JSON writes {_PYTHON[word]}" if word in _PYTHON else ""
            return node.start, f"a text without quotes{python}"
    reason = next((text for start, text in _REASONS.items() if message.startswith(start)), message)
    return pos, reason


def _trailing_comma(text: str, pos: int) -> int | None:
    """The offset of the comma at or before ``pos`` that a closing bracket follows."""
    before = text[:pos].rstrip(_BLANKS)
    comma = pos if text.startswith(",", pos) else len(before) - 1
    after = text[comma + 1 :].lstrip(_BLANKS)
    return comma if text[comma] == "," and after[:1] in ("}", "]") and after else None


def _unquoted(root: Node, text: str) -> Iterator[Node]:
    """The texts without quotes, in their order."""
    for node in root.scalars():
        if isinstance(node.value, str) and text[node.start] not in ('"', "'"):
            yield node
