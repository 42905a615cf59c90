"""Gives keys another name where they stand.

A merge patch can only say that one key goes and another comes. Where both are in one object and
have one value, the key keeps its place, its comment and the spelling of its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.job.syntax.merge import merge, same
from dsdoctor.job.syntax.splice import Splice, spliced
from dsdoctor.job.syntax.style import quoted
from dsdoctor.job.syntax.tree import Document, Node


def with_new_names(document: Document, patch: Mapping[str, Any]) -> str:
    """The text in which the keys that ``patch`` only renames have their new names."""
    return spliced(document.text, _renames(document.root, patch))


def _renames(node: Node, patch: Mapping[str, Any]) -> Iterator[Splice]:
    new = {key: value for key, value in patch.items() if _comes(node, key, value)}
    for key, value in patch.items():
        member = node.named.get(key)
        if member is None:
            continue
        if isinstance(value, Mapping) and member.node.kind == "object":
            yield from _renames(member.node, value)
        elif value is None and _stands_once(node, key):
            name = next((n for n, v in new.items() if same(member.node.value, v)), None)
            if name is not None:
                del new[name]
                yield Splice(member.start, member.end, quoted(name))


def _comes(node: Node, key: str, value: Any) -> bool:
    """Is it a new key, with a value that a merge takes as it is?"""
    return value is not None and key not in node.named and same(merge(None, value), value)


def _stands_once(node: Node, key: str) -> bool:
    return sum(member.key == key for member in node.members) == 1
