"""Turns the nodes of a rule file into plain values: text, numbers, booleans, lists, mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from dsdoctor.errors import RuleError

MAX_DIGITS = 300
"""Longer numbers cost time and mean nothing."""

_STANDARD = "tag:yaml.org,2002:"
_READ = {_STANDARD + kind for kind in ("null", "bool", "int", "float")}
_TEXT = {_STANDARD + kind for kind in ("str", "value", "merge")}
_PLAIN = {_STANDARD + kind for kind in ("map", "seq")}


def mark_of(path: Path, node: yaml.Node) -> str:
    """``file:line:column`` of a node, 1-based."""
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


class Plainer:
    """Turns the nodes of one file into plain Python values.

    Aliases are refused: no rule needs one, and bombs are made of them. So are tags.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()
        self._scalars = SafeConstructor()

    def plain(self, node: yaml.Node) -> Any:
        """The value of ``node``.

        Raises:
            RuleError: an alias, a key twice or of several words, a tag, a malformed value.
        """
        if id(node) in self._seen:
            raise self._refusal(node, "YAML aliases are not allowed")
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in _PLAIN:
            raise self._refusal(node, f"the tag {node.tag[:60]!r} is not allowed")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        return [self.plain(item) for item in node.value]

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._refusal(key, "a key must be a single word")
            if key.value in result:
                raise self._refusal(key, f"key '{key.value}' is given twice")
            result[key.value] = self.plain(value)
        return result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag in _TEXT:
            return node.value
        if node.tag not in _READ:
            raise self._refusal(node, f"the tag {node.tag[:60]!r} is not allowed: quote the text")
        try:
            if len(node.value) > MAX_DIGITS:
                raise OverflowError
            return self._scalars.construct_object(node)
        except (ValueError, LookupError, OverflowError, yaml.YAMLError):
            message = f"{node.value[:60]!r} is not what its tag says"
            raise self._refusal(node, message) from None

    def _refusal(self, node: yaml.Node, message: str) -> RuleError:
        return RuleError(message, location=mark_of(self._path, node))
