"""A configuration as it stands in its file: every key and value with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from dsdoctor.job.place import Path, Place
from dsdoctor.job.syntax.lines import BOM, LINE_END
from dsdoctor.job.syntax.strict import why_not_json

Kind = Literal["object", "array", "scalar"]


@dataclass(frozen=True, slots=True)
class Node:
    """One value; ``text[start:end]`` is how it is written. ``value`` is plain data."""

    kind: Kind
    value: Any
    place: Place
    start: int
    end: int
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()
    named: Mapping[str, Member] = field(default_factory=dict, repr=False, compare=False)
    """The members by key; of a repeated key the last, which is the one that counts."""

    def step(self, name: str) -> Node | None:
        """The value under a key, or under an index in the case of a list."""
        if name in self.named:
            return self.named[name].node
        if self.items and name.isdecimal() and len(name) < 8 and int(name) < len(self.items):
            return self.items[int(name)]
        return None

    def find(self, path: Path) -> Node | None:
        """The value at ``path``; indexes of lists are written as digits."""
        node: Node | None = self
        for name in path:
            node = node.step(name) if node else None
        return node

    def scalars(self) -> Iterator[Node]:
        """The values that are neither objects nor lists, in their order."""
        if self.kind == "scalar":
            yield self
        for child in (*(member.node for member in self.members), *self.items):
            yield from child.scalars()


@dataclass(frozen=True, slots=True)
class Member:
    """One key of an object with its value; ``text[start:end]`` is the key as written."""

    key: str
    place: Place
    start: int
    end: int
    node: Node
    comma: int = -1
    """The offset of the comma after the value, -1 if there is none."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that its object has twice. DeepSpeed refuses such a file, JSON takes the second."""

    path: Path
    first: Place
    second: Place


@dataclass(frozen=True)
class Document:
    """A whole configuration. ``text`` is the file's content to the last character."""

    name: str
    text: str
    root: Node
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """What DeepSpeed would have in hand after reading, if no key is repeated."""
        data: dict[str, Any] = self.root.value
        return data

    @cached_property
    def strict_error(self) -> tuple[Place, str] | None:
        """Where and why Python's ``json`` cannot read the same, a short noun phrase."""
        return why_not_json(self.text, self.name, self.root)

    def line(self, number: int) -> str:
        """The text of a line, 1-based, without its end; empty where there is none."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return LINE_END.split(self.text.removeprefix(BOM))

    def node(self, path: Path) -> Node | None:
        """The value at ``path``; indexes of lists are written as digits."""
        return self.root.find(path)

    def place(self, path: Path) -> Place | None:
        """Where the key stands, or the value if it is an item of a list."""
        parent = self.node(path[:-1])
        if path and parent is not None and path[-1] in parent.named:
            return parent.named[path[-1]].place
        return self.value_place(path)

    def value_place(self, path: Path) -> Place | None:
        """Where the value starts."""
        node = self.node(path)
        return node.place if node else None

    def has(self, path: Path) -> bool:
        """Whether it is there, be it null."""
        return self.node(path) is not None

    def get(self, path: Path, default: Any = None) -> Any:
        """The value at ``path``, ``default`` where there is none."""
        node = self.node(path)
        return node.value if node else default
