"""Private keys, which span lines: within one line, over many, and cut off."""

from __future__ import annotations

import re

MAX_LINES = 400
"""Lines after a header in which the key is looked for: one of 16,384 bits takes 200."""

MAX_MISSES = 20
"""Lines without a row of a key, after which it was cut off: other ranks print in between."""

MIN_ROW = 40
"""Characters of a row that is known again without the lines around it."""

ANCHOR = b"private key"
_HEADER = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_FOOTER = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_FULL = re.compile(rb"[A-Za-z0-9+/]{40,}")
_BODY = re.compile(rb"[A-Za-z0-9+/=]{16,}|(?<![\w/+])[A-Za-z0-9+/]{1,64}={1,2}(?![\w=])")
PLACEHOLDER = b"<redacted:private-key>"


class PrivateKeys:
    """Takes keys out of lines that come one after the other."""

    def __init__(self) -> None:
        self.left = 0
        self.found = 0
        self.rows: list[bytes] = []
        self._misses = 0

    def line(self, line: bytes) -> bytes:
        """The line without what belongs to a key."""
        out: list[bytes] = []
        position = 0
        if self.left:
            position = self._inside(line, out)
        while header := _HEADER.search(line, position):
            out += [line[position : header.start()], PLACEHOLDER]
            self.found += 1
            footer = _FOOTER.search(line, header.end())
            if footer is None:
                self.left, self._misses = MAX_LINES, 0
                return b"".join(out)
            position = footer.end()
        return b"".join([*out, line[position:]])

    def _inside(self, line: bytes, out: list[bytes]) -> int:
        """Handle what still belongs to the key; return where the rest of the line begins."""
        self.left -= 1
        row = _FULL.search(line)
        self._misses += row is None or _is_path(row[0])
        if self._misses > MAX_MISSES:
            self.left = 0
        footer, header = _FOOTER.search(line), _HEADER.search(line)
        if footer:
            self.left = 0
        begun = header.start() if header else len(line)  # a key that broke off, then another
        end, position = footer.span() if footer else (begun, begun)
        out.append(_BODY.sub(self._hidden, line[:end]))
        return position

    def _hidden(self, match: re.Match[bytes]) -> bytes:
        if _is_path(match[0]):
            return match[0]
        if len(match[0]) >= MIN_ROW:
            self.rows.append(match[0])
        return PLACEHOLDER


def _is_path(text: bytes) -> bool:
    """Of base 64 only one character in 64 is a slash."""
    return text.count(b"/") > max(2, len(text) // 10)
