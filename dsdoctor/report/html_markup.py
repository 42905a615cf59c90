"""Builds HTML. What is not ``Markup`` is text: it is spelt out, cut and escaped on its way in.

No other file of the HTML report escapes anything, so none can forget to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from dsdoctor.report.lines import harmless
from dsdoctor.report.wording import clipped

TEXT = 4_000
"""Characters of one text; callers cut shorter where they know what they show."""
ATTRIBUTE = 400

_LAST_TWO = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_FORBIDDEN = re.compile(f"[\ufdd0-\ufdef{_LAST_TWO}]")
"""Characters that HTML forbids and that Unicode will never give a meaning."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Iterable["Child"]
Value = str | int | float | bool | None


def el(name: str, /, *children: Child, **attributes: Value) -> Markup:
    """``<name ...>children</name>``.

    An attribute's last underscore falls away (``class_``), the others become hyphens; ``True`` is
    an attribute without a value, ``None`` and ``False`` are none.
    """
    return Markup(f"{_start(name, attributes)}{joined(*children)}</{name}>")


def void(name: str, /, **attributes: Value) -> Markup:
    """An element that has no end tag."""
    return Markup(_start(name, attributes))


def joined(*children: Child) -> Markup:
    """Pieces one behind the other."""
    return Markup("".join(map(_piece, children)))


def hidden(text: str) -> Markup:
    """Words for those who do not see the signs and colours."""
    return el("span", text, class_="unseen")


def _piece(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(_cut(child, TEXT))
    return "".join(map(_piece, child))


def _start(name: str, attributes: dict[str, Value]) -> str:
    return f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"


def _attribute(name: str, value: Value) -> str:
    written = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {written}"
    if isinstance(value, Markup):
        return f' {written}="{value}"'
    text = f"{value:g}" if isinstance(value, float) else _cut(str(value), ATTRIBUTE)
    return f' {written}="{escape(text)}"'


def _cut(text: str, limit: int) -> str:
    # Cut first as well: spelling out the controls of a very long line is work for nothing.
    shown = harmless(clipped(text, limit))
    if not shown.isprintable():
        shown = _FORBIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), shown)
    return clipped(shown, limit)
