"""Takes a key out of the text."""

from __future__ import annotations

from dsdoctor.job.syntax.lines import LINE_END
from dsdoctor.job.syntax.splice import Splice
from dsdoctor.job.syntax.style import (
    after_blanks,
    before_blanks,
    is_braced,
    is_first_on_line,
    line_start,
    line_tail,
)
from dsdoctor.job.syntax.tree import Member, Node


def removed(text: str, owner: Node, index: int) -> list[Splice]:
    """Take a member out, with its comma and, if it has its lines for itself, the whole lines.

    Comments above it stay: nobody can tell whom they are about.
    """
    member = owner.members[index]
    end = member.node.end
    if len(owner.members) == 1 and not is_braced(owner, text):
        comma = [Splice(member.comma, member.comma + 1)] if member.comma >= 0 else []
        return [Splice(member.start, end, "{}"), *comma]
    if member.comma >= 0:
        if not text[end : member.comma].strip():
            return [_cut(text, member.start, member.comma + 1)]
        return _apart(text, member, member.comma)
    before = owner.members[index - 1].comma if index and index + 1 == len(owner.members) else -1
    if before < 0:
        return [_cut(text, member.start, end)]
    if before_blanks(text, member.start) == before + 1:
        return [_cut(text, before, end)]
    return [Splice(before, before + 1), _cut(text, member.start, end)]


def _apart(text: str, member: Member, comma: int) -> list[Splice]:
    """A member with a comment between its value and its comma."""
    end = member.node.end
    if not LINE_END.search(text, end, comma):
        whole = _whole_lines(text, member.start, comma + 1)
        if whole:
            return [whole]
    return [_cut(text, member.start, end), Splice(comma, comma + 1)]


def _cut(text: str, start: int, end: int) -> Splice:
    """Remove a piece: whole lines if nothing else but a comment after it is on them."""
    whole = _whole_lines(text, start, end)
    if whole:
        return whole
    rest = after_blanks(text, end)
    if text[rest : rest + 1] in ("", "\r", "\n"):
        return Splice(before_blanks(text, start), rest)
    # two texts in single quotes must not become neighbours: ''' starts another kind of text
    space = " " if text[start - 1 : start] == "'" else ""
    return Splice(start, end if text[start] == "," else rest, space)


def _whole_lines(text: str, start: int, end: int) -> Splice | None:
    """The lines of a piece with their ends, if it has them for itself."""
    tail = line_tail(text, end)
    if tail is None or not is_first_on_line(text, start):
        return None
    found = LINE_END.match(text, tail)
    return Splice(line_start(text, start), found.end() if found else tail)
