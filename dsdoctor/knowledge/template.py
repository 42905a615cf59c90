"""Messages of rules: ``{field}`` is filled in, ``[...]`` vanishes if a field in it is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{([a-z_]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{[a-z_]+\}[^\[\]]*)\]")


def fields_of(template: str) -> frozenset[str]:
    """The names of all fields that ``template`` mentions."""
    return frozenset(_FIELD.findall(template))


def required_fields(template: str) -> frozenset[str]:
    """The fields outside optional parts: without them the message has a hole."""
    return fields_of(_OPTIONAL.sub("", template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill ``template`` with ``values``.

    Args:
        template: text with ``{field}`` and optional ``[... {field} ...]`` parts.
        values: what is known. An unknown field outside an optional part becomes ``?``.

    Returns:
        The sentence, on one line.
    """
    text = _OPTIONAL.sub(lambda part: _optional(part.group(1), values), template)
    text = _FIELD.sub(lambda name: values.get(name.group(1), "?"), text)
    return " ".join(text.split())


def _optional(part: str, values: Mapping[str, str]) -> str:
    """``part`` if all its fields are known, else nothing."""
    return part if all(values.get(name) for name in fields_of(part)) else ""
