"""Walks a report: every text field of every part, whatever is added to the model later."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")


class Hides(Protocol):
    """What the walk asks of a redactor."""

    def text(self, text: str) -> str:
        """A text without secrets."""

    def value(self, name: str, value: str) -> str:
        """A text of which it is known how it is called."""


def texts_of(part: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of ``part`` with the name of the field, or of the key, that holds it."""
    if isinstance(part, Enum):
        return
    if isinstance(part, str):
        yield name, part
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from texts_of(getattr(part, field.name), _telling(field.name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from texts_of(value, str(key))
    elif isinstance(part, (tuple, list)):
        for item in part:
            yield from texts_of(item, name)


def redacted(part: T, redactor: Hides, name: str = "") -> T:
    """A copy of ``part`` with every text redacted; numbers, times and enums stay."""
    return cast("T", _copy(part, redactor, name))


def _copy(part: Any, redactor: Hides, name: str) -> Any:
    if isinstance(part, Enum):
        return part
    if isinstance(part, str):
        return redactor.value(name, part) if name else redactor.text(part)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = dataclasses.fields(part)
        new = {f.name: _copy(getattr(part, f.name), redactor, _telling(f.name)) for f in fields}
        return dataclasses.replace(part, **new)
    if isinstance(part, Mapping):
        return {
            redactor.text(key) if isinstance(key, str) else key: _copy(value, redactor, str(key))
            for key, value in part.items()
        }
    if isinstance(part, (tuple, list)):
        return type(part)(_copy(item, redactor, name) for item in part)
    return part


def _telling(field: str) -> str:
    """The name of a field where it says what kind of text it holds."""
    return field if field in ("host", "hosts") else ""
