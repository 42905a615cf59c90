"""Texts in single or double quotes, with the escapes that the ``hjson`` library knows."""

from __future__ import annotations

import re

from dsdoctor.job.syntax.lines import LINE_END
from dsdoctor.job.syntax.scanner import TextError, shown

_PLAIN = {
    '"': re.compile(r'[^"\\\x00-\x1f]*'),
    "'": re.compile(r"[^'\\\x00-\x1f]*"),
}
_FOUR = re.compile(r"(?:\r\n|[\s\S]){4}")
_ESCAPES = {
    '"': '"', "'": "'", "\\": "\\", "/": "/",
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip


def scan_string(text: str, start: int) -> tuple[str, int]:
    """The text whose opening quote is at ``start``, and the offset after the closing one."""
    quote = text[start]
    parts: list[str] = []
    pos = start + 1
    while True:
        found = _PLAIN[quote].match(text, pos)
        if found is not None:
            parts.append(found[0])
            pos = found.end()
        stop = text[pos : pos + 1]
        if stop == quote:
            return "".join(parts), pos + 1
        if stop != "\\":
            raise _unclosed(text, start, pos)
        part, pos = _escape(text, pos, start)
        parts.append(part)


def _unclosed(text: str, start: int, pos: int) -> TextError:
    """What to say about a character that a text cannot contain, or about the end."""
    stop = text[pos : pos + 1]
    if stop in ("", "\n", "\r"):
        where = "before the end of its line" if stop else "before the file ends"
        message = f"the string that starts here is not closed {where}"
        return TextError(start, message, f"add {text[start]}")
    escape = "\\t" if stop == "\t" else f"\\u{ord(stop):04x}"
    return TextError(pos, f"a bare control character in a string: {shown(stop)}", f"write {escape}")


def _escape(text: str, pos: int, start: int) -> tuple[str, int]:
    """The character that the backslash at ``pos`` stands for, and the offset after it."""
    letter = text[pos + 1 : pos + 2]
    if letter == "u":
        return _unicode_escape(text, pos)
    if letter in _ESCAPES:
        return _ESCAPES[letter], pos + 2
    if not letter:
        raise _unclosed(text, start, pos + 1)
    raise TextError(
        pos, f"no escape: a backslash and {shown(letter)}", "write \\\\ for a backslash"
    )


def _unicode_escape(text: str, pos: int) -> tuple[str, int]:
    """One character, or two escapes that are the halves of one."""
    code, end = _hex(text, pos)
    if code & 0xFC00 == 0xD800 and text.startswith("\\u", end) and _digits(text, end):
        low, low_end = _hex(text, end)
        if low & 0xFC00 == 0xDC00:
            code, end = 0x10000 + (((code - 0xD800) << 10) | (low - 0xDC00)), low_end
    return chr(code), end


def _hex(text: str, pos: int) -> tuple[int, int]:
    """The number of the escape at ``pos`` and its end; ``int`` is as lax as the library here."""
    found = _digits(text, pos)
    try:
        code = int(LINE_END.sub("\n", found[0]), 16) if found else -1
    except ValueError:
        code = -1
    if found is None or code < 0:
        raise TextError(pos, "no escape: \\u needs four hexadecimal digits")
    return code, found.end()


def _digits(text: str, pos: int) -> re.Match[str] | None:
    """The four characters after the escape at ``pos``; Python's ``0x12`` is refused."""
    found = _FOUR.match(text, pos + 2)
    return found if found and found[0][1] not in "xX" else None
