"""Reads a configuration as DeepSpeed does, which is as the ``hjson`` library does.

What that library accepts is accepted here with the same result, apart from nesting deeper and
texts longer than any configuration; a repeated key is recorded, not refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Place
from dsdoctor.job.syntax.lines import BOM, LineCounter
from dsdoctor.job.syntax.scanner import (
    TextError,
    scan_bare_key,
    scan_bare_value,
    scan_multiline,
    shown,
    skip_blank,
)
from dsdoctor.job.syntax.strings import scan_string
from dsdoctor.job.syntax.tree import Document, Duplicate, Member, Node

MAX_DEPTH = 64
MAX_VALUES = 50_000
"""No configuration has as many; a data set given by mistake has."""

_SHAPE = 'a configuration is an object: {"train_batch_size": 64, ...}'
_MARKS = (BOM, "\u00ef\u00bb\u00bf")
"""The byte order mark, and what it becomes when read as Latin-1: the library skips both."""


def parse(text: str, name: str) -> Document:
    """The configuration that ``text`` is.

    Args:
        text: the whole file.
        name: the file's name, for places.

    Raises:
        SourceError: DeepSpeed could not read it either, or it is beyond all bounds.
    """
    parser = _Parser(text, name)
    try:
        root = parser.root()
    except TextError as error:
        place = LineCounter(text, name).place(error.offset)
        where = f"{name}:{place.line}:{place.column}"
        raise SourceError(error.message, hint=error.hint, location=where) from None
    return Document(name, text, root, tuple(parser.duplicates))


class _Parser:
    """One pass over one text."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.lines = LineCounter(text, name)
        self.duplicates: list[Duplicate] = []
        self._path: list[str] = []
        self._count = 0
        self._glutton: tuple[int, str] | None = None

    def root(self) -> Node:
        """The outermost object, with or without braces."""
        mark = next((len(mark) for mark in _MARKS if self.text.startswith(mark)), 0)
        start = skip_blank(self.text, mark)
        sign = self.text[start : start + 1]
        if sign == "[":
            raise TextError(start, "the file is a list, not an object", _SHAPE)
        if sign == "{":
            return self._braced_root(start)
        if mark and not sign:
            raise TextError(start, "the file is empty but for a byte order mark", _SHAPE)
        return self._bare_root(start)

    def _braced_root(self, start: int) -> Node:
        node = self._object(start)
        rest = skip_blank(self.text, node.end)
        if rest < len(self.text):
            line = self.lines.place(node.end - 1).line
            raise TextError(
                rest,
                f"text after the end of the configuration: {shown(self.text[rest : rest + 60])}",
                f"the }} on line {line} closes what the first {{ opened",
            )
        return node

    def _bare_root(self, start: int) -> Node:
        place, members, pos = self.lines.place(start), list[Member](), start
        while pos < len(self.text):
            try:
                member, pos = self._member(pos)
            except TextError as error:
                error.hint = error.hint or ("" if self._count else _SHAPE)
                raise
            members.append(member)
        last = members[-1] if members else None
        end = max(last.node.end, last.comma + 1) if last else start
        return self._object_node(place, start, end, members)

    def _value(self, pos: int) -> Node:
        self._count += 1
        if self._count > MAX_VALUES:
            raise TextError(pos, f"more than {MAX_VALUES} values: no DeepSpeed configuration")
        sign = self.text[pos : pos + 1]
        if sign == "{":
            return self._object(pos)
        if sign == "[":
            return self._array(pos)
        return self._scalar(pos, sign)

    def _scalar(self, pos: int, sign: str) -> Node:
        place = self.lines.place(pos)
        if self.text.startswith("'''", pos):
            value, end = self._multiline(pos)
        elif sign in ('"', "'"):
            value, end = scan_string(self.text, pos)
        elif not sign or sign in ",:}]":
            found = shown(sign) if sign else "the end of the file"
            raise TextError(pos, f"a value is missing: found {found} instead")
        else:
            value, end = scan_bare_value(self.text, pos)
            if isinstance(value, str) and not self._glutton and ("}" in value or "]" in value):
                self._glutton = (pos, value)
        return Node("scalar", value, place, pos, end)

    def _multiline(self, pos: int) -> tuple[str, int]:
        indent = self.lines.multiline_indent(pos)
        if indent is None:
            raise TextError(pos, "a ''' text in a file of one line", "end the line, or use quotes")
        return scan_multiline(self.text, pos, indent)

    def _object(self, start: int) -> Node:
        place, members = self.lines.place(start), list[Member]()
        self._check_depth(start)
        pos = skip_blank(self.text, start + 1)
        while self.text[pos : pos + 1] != "}":
            if pos == len(self.text):
                raise self._unclosed(start, "{", "}")
            member, pos = self._member(pos)
            members.append(member)
        return self._object_node(place, start, pos + 1, members)

    def _array(self, start: int) -> Node:
        place, items = self.lines.place(start), list[Node]()
        self._check_depth(start)
        pos = skip_blank(self.text, start + 1)
        while self.text[pos : pos + 1] != "]":
            if pos == len(self.text):
                raise self._unclosed(start, "[", "]")
            self._path.append(str(len(items)))
            items.append(self._value(pos))
            self._path.pop()
            _, pos = self._comma(items[-1].end)
        values = [item.value for item in items]
        return Node("array", values, place, start, pos + 1, items=tuple(items))

    def _member(self, pos: int) -> tuple[Member, int]:
        """The key at ``pos`` with its value, and where to read on."""
        place = self.lines.place(pos)
        key, end = self._key(pos)
        colon = skip_blank(self.text, end)
        if self.text[colon : colon + 1] != ":":
            raise TextError(pos, f"no colon follows the key {shown(key)}")
        self._path.append(key)
        node = self._value(skip_blank(self.text, colon + 1))
        self._path.pop()
        comma, after = self._comma(node.end)
        return Member(key, place, pos, end, node, comma), after

    def _key(self, pos: int) -> tuple[str, int]:
        sign = self.text[pos]
        if sign in ('"', "'"):
            return scan_string(self.text, pos)
        if sign in "}],":
            what = "comma" if sign == "," else sign
            raise TextError(pos, f"one {what} too many: a key is expected here")
        return scan_bare_key(self.text, pos)

    def _comma(self, end: int) -> tuple[int, int]:
        """The comma after a value, -1 if there is none, and what comes next."""
        pos = skip_blank(self.text, end)
        if self.text.startswith(",", pos):
            return pos, skip_blank(self.text, pos + 1)
        return -1, pos

    def _object_node(self, place: Place, start: int, end: int, members: Sequence[Member]) -> Node:
        named: dict[str, Member] = {}
        for member in members:
            if member.key in named:
                path = (*self._path, member.key)
                self.duplicates.append(Duplicate(path, named[member.key].place, member.place))
            named[member.key] = member
        value = {key: member.node.value for key, member in named.items()}
        return Node("object", value, place, start, end, tuple(members), named=named)

    def _check_depth(self, pos: int) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise TextError(pos, f"nested deeper than {MAX_DEPTH} levels")

    def _unclosed(self, start: int, opening: str, closing: str) -> TextError:
        if self._glutton is None:
            return TextError(start, f"the {opening} that opens here is never closed")
        pos, text = self._glutton
        return TextError(
            pos,
            f"{shown(text)} has no quotes and runs to the end of its line, brackets included",
            f"use quotes, or JSON's words true, false and null; then the {closing} is found",
        )
