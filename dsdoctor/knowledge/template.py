"""Messages of rules: ``{field}`` is filled in, ``[...]`` vanishes if a field in it is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{([a-z_]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{[a-z_]+\}[^\[\]]*)\]")
_PART = re.compile(
    rf"(?:\[(?P<optional>[^\[\]]*{_FIELD.pattern}[^\[\]]*)\])|\{{(?P<field>[a-z_]+)\}}"
)


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
    text = _PART.sub(lambda part: _filled(part, values), template)
    return " ".join(text.split())


def _filled(part: re.Match[str], values: Mapping[str, str]) -> str:
    """One optional part or one field. Values are put in as they are, never read as templates."""
    if part["optional"] is None:
        return values.get(part["field"], "?")
    if not all(values.get(name) for name in fields_of(part["optional"])):
        return ""
    return _FIELD.sub(lambda name: values[name[1]], part["optional"])
