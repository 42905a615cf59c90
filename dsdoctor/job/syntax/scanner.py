"""The smallest pieces of Hjson, read exactly as the ``hjson`` library 3.1 reads them.

DeepSpeed hands its configuration to that library, so its oddities are the rules here: a text
without quotes runs to the end of its line, commas and braces included, unless it is a number or
a word of JSON; ``1.0`` and ``1e5`` are integers.
"""

from __future__ import annotations

import re
from typing import Any

MAX_DIGITS = 300
"""A longer integer fits into no float, and is no setting of anything."""

_SPACE = re.compile(r"[ \t\n\r]*")
_LINE_REST = re.compile(r"[^\r\n]*")
_KEY = re.compile(r"[^:{}\[\], \t\n\r]+")
_WORD = re.compile(r"(null|true|false)[^\S\r\n]*(?=[\r\n,}\]#]|//|/\*|\Z)")
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?[\t ]*")
_STOP = re.compile(r"[\r\n,}\]#]|//|/\*|\Z")
_WORDS = {"null": None, "true": True, "false": False}


class TextError(Exception):
    """The text cannot be read on from ``offset``."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


def skip_blank(text: str, pos: int) -> int:
    """The offset of the next character that is neither white space nor in a comment."""
    while True:
        pos = _end(_SPACE, text, pos)
        if text.startswith(("#", "//"), pos):
            pos = _end(_LINE_REST, text, pos)
        elif text.startswith("/*", pos):
            close = text.find("*/", pos + 2)
            if close < 0:
                raise TextError(pos, "the comment that starts here is never closed", "add */")
            pos = close + 2
        else:
            return pos


def scan_bare_key(text: str, pos: int) -> tuple[str, int]:
    """A key without quotes, and the offset where it ends."""
    found = _KEY.match(text, pos)
    if found is None:
        raise TextError(pos, f"a key is expected here, not {shown(text[pos])}")
    end = found.end()
    colon = _end(_SPACE, text, end)
    if colon == len(text):
        raise TextError(pos, f"the text ends after {shown(found[0])}: the value is missing")
    if text[colon] != ":":
        raise TextError(
            pos,
            f"no colon follows the key {shown(found[0])}",
            'a key looks like "name": and needs quotes if it contains blanks or any of {}[],:',
        )
    # blanks of other alphabets count as part of the key unless plain ones follow
    return (found[0].rstrip() if colon > end else found[0]), end


def scan_bare_value(text: str, pos: int) -> tuple[Any, int]:
    """A number, a word of JSON or a text without quotes, and the offset where it ends."""
    word = _WORD.match(text, pos)
    if word is not None:
        return _WORDS[word[1]], _trimmed(text, pos, word.end())
    number = _NUMBER.match(text, pos) if text[pos] in "-0123456789" else None
    if number is not None and _STOP.match(text, number.end()):
        return _number(number, pos), _trimmed(text, pos, number.end())
    end = _end(_LINE_REST, text, pos)
    return text[pos:end].strip(), _trimmed(text, pos, end)


def scan_multiline(text: str, pos: int, indent: int) -> tuple[str, int]:
    """The text between two ``'''``, less ``indent`` blanks at the start of each line."""
    close = text.find("'''", pos + 3)
    if close < 0:
        raise TextError(pos, "the text that starts with ''' here is never closed", "add '''")
    body = text[pos + 3 : close].replace("\r\n", "\n").replace("\r", "\n").lstrip(" \t")
    first, *rest = body.split("\n")
    lines = [line[_blanks(line, indent) :] for line in rest]
    if first or not rest:
        lines.insert(0, first)
    value = "\n".join(lines)
    return value.removesuffix("\n"), close + 3


def shown(text: str) -> str:
    """``text`` in quotes, cut, with control characters made visible."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _end(pattern: re.Pattern[str], text: str, pos: int) -> int:
    """Where a pattern that fits everywhere ends."""
    found = pattern.match(text, pos)
    return found.end() if found else pos


def _trimmed(text: str, pos: int, end: int) -> int:
    """``end`` without the blanks before it."""
    return pos + len(text[pos:end].rstrip(" \t"))


def _number(found: re.Match[str], pos: int) -> int | float:
    whole, fraction, exponent = found.groups()
    if fraction or exponent:
        value = float(whole + (fraction or "") + (exponent or ""))
        if value in (float("inf"), float("-inf")):
            raise TextError(pos, "the number is too large")
        return int(value) if int(value) == value and abs(value) < 1e10 else value
    if len(whole.lstrip("-")) > MAX_DIGITS:
        raise TextError(pos, "the number is too large")
    return int(whole)


def _blanks(line: str, most: int) -> int:
    """How many blanks are at the start of ``line``, at most ``most``."""
    head = line[:most]
    return len(head) - len(head.lstrip(" \t"))
