"""Writes a value into the text: in place of another, or under a new key."""

from __future__ import annotations

import re
from typing import Any

from dsdoctor.job.syntax.splice import Splice
from dsdoctor.job.syntax.style import (
    Style,
    after_blanks,
    before_blanks,
    entry,
    indent_at,
    is_bare_text,
    is_braced,
    is_first_on_line,
    is_one_line,
    line_start,
    line_tail,
    render,
)
from dsdoctor.job.syntax.tree import Member, Node

_STOP = re.compile(r"[\r\n,}\]#]|//|/\*|\Z")
_COMMENT = re.compile(r"(?<=[ \t,])(?:#|//|/\*(?:(?!\*/).)*\*/[ \t]*\Z)")


def replaced(text: str, owner: Node, member: Member, value: Any, style: Style) -> list[Splice]:
    """Give the member another value. What follows it stays."""
    node = member.node
    indent = None if is_one_line(owner, text) else indent_at(text, member.start)
    new = render(value, style, indent)
    if is_bare_text(node, text):
        new += _bare_tail(text[node.start : node.end], has_comma=member.comma >= 0)
    elif new[-1] not in '"}]' and not _STOP.match(text, after_blanks(text, node.end)):
        new += ","  # a number or a word would swallow what follows
    return [Splice(node.start, node.end, new)]


def _bare_tail(raw: str, *, has_comma: bool) -> str:
    """The comma and the comment that their author did not mean as part of the text."""
    found = _COMMENT.search(raw)
    body, comment = (raw[: found.start()], raw[found.start() :]) if found else (raw, "")
    word = body.rstrip(" \t")
    comma = "," if word.endswith(",") and not has_comma else ""
    return comma + (body[len(word) :] + comment if comment else "")


def added(
    text: str, owner: Node, key: str, value: Any, style: Style, *, inline: bool
) -> list[Splice]:
    """Append a member to an object; ``inline``: if it is empty, it stays on one line."""
    if not owner.members:
        return [_first(text, owner, key, value, style, inline=inline)]
    last = owner.members[-1]
    anchor = max(last.node.end, last.comma + 1)
    if is_one_line(owner, text):
        new = style.comma.lstrip(",") + entry(key, value, style, None)
        comma = "" if last.comma >= 0 else ","
        return [Splice(anchor, anchor, f"{comma}{new}{',' if last.comma >= 0 else ''}")]
    indent = _member_indent(text, owner, style)
    new = style.newline + indent + entry(key, value, style, indent)
    new += "," if last.comma >= 0 else ""
    comma = "," if _wants_comma(text, owner) else ""
    tail = line_tail(text, anchor)
    if tail is None or tail == anchor:
        return [Splice(anchor, anchor, comma + new)]
    return [Splice(anchor, anchor, comma), Splice(tail, tail, new)]


def _wants_comma(text: str, owner: Node) -> bool:
    """Whether the last member gets a comma before another one on the next line.

    Hjson can do without; JSON cannot, but its keys have quotes.
    """
    *others, last = owner.members
    if last.comma >= 0 or is_bare_text(last.node, text):
        return False
    return any(member.comma >= 0 for member in others) or (not others and text[last.start] == '"')


def _member_indent(text: str, owner: Node, style: Style) -> str:
    """Where a new line of the object starts."""
    for member in reversed(owner.members):
        if is_first_on_line(text, member.start):
            return indent_at(text, member.start)
    return indent_at(text, owner.start) + style.unit if is_braced(owner, text) else ""


def _first(text: str, owner: Node, key: str, value: Any, style: Style, *, inline: bool) -> Splice:
    """The first member of an object that may hold comments."""
    if not is_braced(owner, text):
        line_end = style.newline if text and text[-1] not in "\r\n" else ""
        new = render({key: value}, style, "") + style.newline
        return Splice(len(text), len(text), line_end + new)
    indent = None if inline else indent_at(text, owner.start)
    close = owner.end - 1
    if not text[owner.start + 1 : close].strip():
        return Splice(owner.start, owner.end, render({key: value}, style, indent))
    if is_first_on_line(text, close):
        inner = (indent or "") + style.unit
        start = line_start(text, close)
        return Splice(start, start, inner + entry(key, value, style, inner) + style.newline)
    space = "" if before_blanks(text, close) < close else " "
    return Splice(close, close, f"{space}{entry(key, value, style, None)} ")
