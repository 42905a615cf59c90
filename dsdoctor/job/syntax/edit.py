"""Applies a merge patch to the text of a configuration.

Everything that the patch does not name stays as it is, to the character: comments, order,
indentation, ends of lines, the spelling of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Path
from dsdoctor.job.syntax.merge import merge, same
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.removal import removed
from dsdoctor.job.syntax.renaming import with_new_names
from dsdoctor.job.syntax.splice import Splice, spliced
from dsdoctor.job.syntax.style import is_one_line, quoted, style_of
from dsdoctor.job.syntax.tree import Document, Node
from dsdoctor.job.syntax.writing import added, replaced

_MULTILINE = "'''"
Cuts = Callable[[Node, str], list[Splice]]


def edit(document: Document, patch: Mapping[str, Any]) -> str:
    """The text with the RFC 7396 ``patch`` in it; ``parse`` reads the merged data from it.

    Of a repeated key, the last counts: a new value goes there, null removes them all.

    Raises:
        ValueError: the patch contains what JSON cannot write, such as NaN.
    """
    document = _renamed(document, patch)
    for path, value in _differences(document.root, patch, ()):
        document = _changed(document, path, value)
    return document.text


def drop_duplicates(document: Document) -> str:
    """The text without the repeated keys, of which the last stays, as with JSON."""
    return _without(document, _superseded)


def _renamed(document: Document, patch: Mapping[str, Any]) -> Document:
    """The document after the part of the patch that only gives keys another name."""
    text = with_new_names(document, patch)
    if text == document.text or not _leads_on(text, document, patch):
        return document
    return parse(text, document.name)


def _leads_on(text: str, document: Document, patch: Mapping[str, Any]) -> bool:
    """Is nothing but names different? A text in triple quotes depends on its column."""
    try:
        data = parse(text, document.name).data
    except SourceError:
        return False
    return bool(merge(data, patch) == merge(document.data, patch))


def _differences(node: Node, patch: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """The keys that must change and their new values, None for those that must go."""
    for key, value in patch.items():
        member, here = node.named.get(key), (*path, key)
        if isinstance(value, Mapping) and member is not None and member.node.kind == "object":
            yield from _differences(member.node, value, here)
        elif value is None:
            if member is not None:
                yield here, None
        else:
            new = merge(None, value)
            if member is None or not same(member.node.value, new):
                yield here, new


def _changed(document: Document, path: Path, value: Any) -> Document:
    """The document after one change."""
    if value is None:
        document = _with_one_left(document, path)
    text = _changed_text(document, path, value)
    if _MULTILINE in document.text:
        # how such a text is read depends on its column: another place on the line changes it
        wanted: Any = value
        for name in reversed(path):
            wanted = {name: wanted}
        if not _reads_as(text, document.name, merge(document.data, wanted)):
            text = _changed_text(_without_multiline(document), path, value)
    return parse(text, document.name)


def _changed_text(document: Document, path: Path, value: Any) -> str:
    owner, key, text = document.root.find(path[:-1]), path[-1], document.text
    if owner is None:  # pragma: no cover - the paths come from the document itself
        raise KeyError(path)
    style = style_of(document, owner)
    if value is None:
        return spliced(text, removed(text, owner, owner.members.index(owner.named[key])))
    if key in owner.named:
        return spliced(text, replaced(text, owner, owner.named[key], value, style))
    outer = document.root.find(path[:-2]) if len(path) > 1 else None
    inline = outer is not None and is_one_line(outer, text)
    return spliced(text, added(text, owner, key, value, style, inline=inline))


def _with_one_left(document: Document, path: Path) -> Document:
    """The document in which the key at ``path`` is not repeated any more."""

    def others(root: Node, text: str) -> list[Splice]:
        owner = root.find(path[:-1])
        return _repeated(owner, text, path[-1]) if owner else []

    return parse(_without(document, others), document.name)


def _without(document: Document, cuts: Cuts) -> str:
    """The text without what does not count."""
    text = spliced(document.text, cuts(document.root, document.text))
    if _MULTILINE not in text or _reads_as(text, document.name, document.data):
        return text
    plain = _without_multiline(document)
    return spliced(plain.text, cuts(plain.root, plain.text))


def _superseded(node: Node, text: str) -> list[Splice]:
    """The cuts that take out all repeated keys but the last, at any depth."""
    cuts = _repeated(node, text)
    for child in (*(member.node for member in node.named.values()), *node.items):
        cuts += _superseded(child, text)
    return cuts


def _repeated(owner: Node, text: str, key: str | None = None) -> list[Splice]:
    """The cuts that take out the repetitions of ``key``, or of any key, in one object."""
    return [
        cut
        for index, member in enumerate(owner.members)
        if owner.named[member.key] is not member and key in (None, member.key)
        for cut in removed(text, owner, index)
    ]


def _without_multiline(document: Document) -> Document:
    """The document with its ''' texts in plain quotes."""
    text = document.text
    nodes = [node for node in document.root.scalars() if text.startswith(_MULTILINE, node.start)]
    splices = [Splice(node.start, node.end, quoted(node.value)) for node in nodes]
    return parse(spliced(text, splices), document.name)


def _reads_as(text: str, name: str, data: Mapping[str, Any]) -> bool:
    try:
        return same(parse(text, name).data, data)
    except SourceError:
        return False
