"""Makes log text harmless and comparable: no colours, no control characters, one line."""

from __future__ import annotations

import re

MAX_LINE_CHARS = 4096
"""Longer lines are cut: no message that matters is longer, and a 100 MB line must not hurt."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# C0 and C1 controls but for the tab, other ends of lines, marks that reorder bidirectional text.
_CONTROL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def clean(raw: bytes) -> str:
    """Decode one line and take out everything that is not text.

    Args:
        raw: the bytes of a line, without its line feed.

    Returns:
        At most ``MAX_LINE_CHARS`` characters; undecodable bytes become U+FFFD.
    """
    text = raw[: 4 * MAX_LINE_CHARS].decode("utf-8", "replace")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    return text[:MAX_LINE_CHARS].rstrip()
