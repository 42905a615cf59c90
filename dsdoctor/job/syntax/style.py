"""How the author writes: ends of lines, indentation, commas. New text follows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.job.syntax.lines import BOM, LINE_END
from dsdoctor.job.syntax.tree import Document, Member, Node

_BLANKS = re.compile(r"[ \t]*")
_TAIL = re.compile(r"[ \t]*(?:/\*(?:(?!\*/)[^\r\n])*\*/[ \t]*)*(?:(?:#|//)[^\r\n]*)?(?=[\r\n]|\Z)")
_COLONS = (":", ": ", " : ")


@dataclass(frozen=True, slots=True)
class Style:
    """The spelling of new text in one document, near one object."""

    newline: str
    unit: str
    colon: str
    comma: str


def style_of(document: Document, near: Node) -> Style:
    """What the document does, and what the members of ``near`` or of the root do."""
    text = document.text
    found = LINE_END.search(text)
    sample = near.members or document.root.members
    return Style(
        newline=found[0] if found else "\n",
        unit=next(_units(document.root, text), "  "),
        colon=_colon(text, sample[0]) if sample else ": ",
        comma="," if any(_is_tight(text, member) for member in sample) else ", ",
    )


def render(value: Any, style: Style, indent: str | None) -> str:
    """``value`` as JSON; objects on several lines that start at ``indent``, None: on one line."""
    if indent is None or not isinstance(value, Mapping) or not value:
        return quoted(value, style.comma, style.colon)
    inner = indent + style.unit
    entries = (f"{inner}{entry(key, item, style, inner)}" for key, item in value.items())
    body = f",{style.newline}".join(entries)
    return f"{{{style.newline}{body}{style.newline}{indent}}}"


def entry(key: str, value: Any, style: Style, indent: str | None) -> str:
    """A key with its value, without a comma."""
    return f"{quoted(key)}{style.colon}{render(value, style, indent)}"


def line_start(text: str, pos: int) -> int:
    """The offset of the first character of the line of ``pos``."""
    last = max(text.rfind("\n", 0, pos), text.rfind("\r", 0, pos))
    return last + 1 if last >= 0 else int(text.startswith(BOM))


def line_tail(text: str, pos: int) -> int | None:
    """The end of the line, if nothing but blanks and whole comments is left on it."""
    found = _TAIL.match(text, pos)
    return found.end() if found else None


def after_blanks(text: str, pos: int) -> int:
    """The offset of the next character that is no blank."""
    found = _BLANKS.match(text, pos)
    return found.end() if found else pos


def before_blanks(text: str, pos: int) -> int:
    """The offset after the character before ``pos`` that is no blank."""
    while pos and text[pos - 1] in " \t":
        pos -= 1
    return pos


def indent_at(text: str, pos: int) -> str:
    """The blanks that the line of ``pos`` starts with."""
    start = line_start(text, pos)
    return text[start : after_blanks(text, start)]


def is_first_on_line(text: str, pos: int) -> bool:
    """Whether only blanks stand before ``pos`` on its line."""
    start = before_blanks(text, pos)
    return start == 0 or text[start - 1] in f"\r\n{BOM}"


def is_braced(node: Node, text: str) -> bool:
    """Whether an object has braces: the outermost one may do without."""
    return text.startswith("{", node.start)


def is_one_line(node: Node, text: str) -> bool:
    """Whether an object stands on one line, with its braces."""
    return is_braced(node, text) and not LINE_END.search(text, node.start, node.end)


def is_bare_text(node: Node, text: str) -> bool:
    """Whether a value is a text without quotes, which only the end of its line ends."""
    return isinstance(node.value, str) and text[node.start] not in ('"', "'")


def quoted(value: Any, comma: str = ", ", colon: str = ": ") -> str:
    """One line of JSON that can be saved as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(comma, colon))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair, which JSON can escape
        return json.dumps(value, allow_nan=False, separators=(comma, colon))
    return text


def _units(node: Node, text: str) -> Iterator[str]:
    """How much deeper than its object each first key of a line is."""
    for member in node.members:
        if is_braced(node, text) and is_first_on_line(text, member.start):
            outer, inner = indent_at(text, node.start), indent_at(text, member.start)
            if inner.startswith(outer) and inner != outer:
                yield inner[len(outer) :]
    for child in (*(member.node for member in node.members), *node.items):
        yield from _units(child, text)


def _colon(text: str, member: Member) -> str:
    between = text[member.end : member.node.start]
    return between if between in _COLONS else ": "


def _is_tight(text: str, member: Member) -> bool:
    """Whether the next key follows its comma at once."""
    following = text[member.comma + 1 : member.comma + 2]
    return member.comma >= 0 and following not in ("", " ", "\t", "\r", "\n")
