"""Turns the nodes of a YAML document into plain values with places, in bounded memory."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import yaml
from yaml.constructor import SafeConstructor

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Path, Place
from dsdoctor.knowledge.yaml_nodes import MAX_DEPTH

MAX_VALUES = 200_000
"""Values after aliases are followed; a file of 1 MB without aliases cannot hold many more."""

MAX_DIGITS = 300
"""Longer numbers cost time and mean nothing."""

_STANDARD = "tag:yaml.org,2002:"
_READ = {_STANDARD + kind for kind in ("null", "bool", "int", "float")}
_TEXT = {_STANDARD + kind for kind in ("str", "timestamp", "value")}
_PLAIN = {_STANDARD + kind for kind in ("map", "seq")}
_MERGE = _STANDARD + "merge"

Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


class Values:
    """Reads one document. ``places`` maps the way to each key to where the key stands."""

    def __init__(self, name: str) -> None:
        self.places: dict[Path, Place] = {}
        self._name = name
        self._count = 0
        self._open: set[int] = set()
        self._scalars = SafeConstructor()

    def value(self, node: yaml.Node, path: Path = ()) -> Any:
        """The value of ``node``, which stands at ``path``.

        Raises:
            SourceError: a key twice, an alias inside its own anchor, too many values, a tag.
        """
        self._enter(node)
        try:
            if isinstance(node, yaml.ScalarNode):
                return self._scalar(node)
            if node.tag not in _PLAIN:
                self._fail(node, f"the tag {node.tag[:60]!r} is not allowed")
            if isinstance(node, yaml.SequenceNode):
                return [self._item(item, (*path, str(i))) for i, item in enumerate(node.value)]
            return {
                name: self._keyed(key, value, (*path, name))
                for name, (key, value) in self._pairs(node).items()
            }
        finally:
            self._open.discard(id(node))

    def _item(self, node: yaml.Node, path: Path) -> Any:
        self.places[path] = self._place(node)
        return self.value(node, path)

    def _keyed(self, key: yaml.Node, node: yaml.Node, path: Path) -> Any:
        self.places[path] = self._place(key)
        return self.value(node, path)

    def _enter(self, node: yaml.Node) -> None:
        """Count the node, and refuse one that is inside itself."""
        self._count += 1
        if self._count > MAX_VALUES:
            self._fail(node, "holds too many values, counting what aliases (*name) repeat")
        if id(node) in self._open or len(self._open) > MAX_DEPTH:
            self._fail(node, "an alias (*name) stands inside its own anchor or nests too deeply")
        self._open.add(id(node))

    def _pairs(self, node: yaml.Node) -> Pairs:
        """The mapping's own keys, then what ``<<`` merges in, as the safe loader does."""
        self._count += len(node.value)  # a merge costs what it copies
        own: Pairs = {}
        merged: Pairs = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                for name, pair in self._merged(value).items():
                    merged.setdefault(name, pair)
                continue
            name = self._key(key)
            if name in own:
                first = own[name][0].start_mark.line + 1
                line = key.start_mark.line + 1
                self._fail(key, f"key '{name}' is given twice, in line {first} and line {line}")
            own[name] = (key, value)
        return {**merged, **own}

    def _merged(self, node: yaml.Node) -> Pairs:
        """The pairs of what stands behind ``<<``: a mapping, or a list of them, first wins."""
        self._enter(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._pairs(node)
            if not isinstance(node, yaml.SequenceNode):
                self._fail(node, "only a mapping can be merged with <<")
            found: Pairs = {}
            for item in node.value:
                for name, pair in self._merged(item).items():
                    found.setdefault(name, pair)
            return found
        finally:
            self._open.discard(id(node))

    def _key(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            self._fail(key, "a key must be a single word")
        return str(key.value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag in _TEXT:
            return node.value
        if node.tag not in _READ:
            self._fail(node, f"the tag {node.tag[:60]!r} is not allowed")
        if len(node.value) > MAX_DIGITS:
            self._fail(node, "a number is too long")
        try:
            value = self._scalars.construct_object(node)
        except (ValueError, LookupError, OverflowError, yaml.YAMLError):
            self._fail(node, f"{node.value[:60]!r} is not what its tag says")
        if isinstance(value, float) and not math.isfinite(value):
            return node.value
        return value

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._name, node.start_mark.line + 1, node.start_mark.column + 1)

    def _fail(self, node: yaml.Node, message: str) -> NoReturn:
        place = self._place(node)
        raise SourceError(message, location=f"{place}:{place.column}")
