"""Walks a report: every text field of every part, whatever is added to the model later."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")

Rewrite = Callable[[str, str, str], str]
"""Gives the new text for the type that holds a text, its field or key, and the text."""

WORDS: Mapping[str, frozenset[str]] = {
    "Finding": frozenset({"code", "slug", "caused_by"}),
    "Remedy": frozenset({"kind", "risk", "fix"}),
    "RankRow": frozenset({"code"}),
    "ProbeResult": frozenset({"probe"}),
    "SmokeRun": frozenset({"outcome", "code"}),
    "SmokeRank": frozenset({"phase"}),
    "SmokeCheck": frozenset({"name"}),
    "Smoke": frozenset({"outcome"}),
    "Report": frozenset({"command"}),
}
"""Fields that hold words of dsdoctor's own: a user called ``config`` must not change them."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 -]{0,63}")

LINES = ("Excerpt", "lines")
"""Lines that follow each other: a private key goes over several."""


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
        for field in _fields(part):
            value = getattr(part, field)
            whole = (type(part).__name__, field) == LINES
            yield from texts_of("\n".join(value) if whole else value, _telling(field))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield "", str(key)
            yield from texts_of(value, str(key))
    elif isinstance(part, (tuple, list)):
        for item in part:
            yield from texts_of(item, name)


def redacted(part: T, redactor: Hides) -> T:
    """A copy of ``part`` with every text redacted; numbers, times, enums and codes stay."""

    def rewrite(_: str, name: str, text: str) -> str:
        return redactor.value(name, text) if _telling(name) else redactor.text(text)

    def named(key: str, text: str) -> str:
        return redactor.value(key, text)

    return cast("T", _Copies(rewrite, named, redactor.text).of(part))


def rewritten(part: T, rewrite: Rewrite) -> T:
    """A copy of ``part`` in which ``rewrite`` had its say over every field; mappings stay."""
    return cast("T", _Copies(rewrite, lambda _, text: text, lambda text: text).of(part))


class _Copies:
    """Copies a tree. What is in it twice is twice in the copy as well, and still the same."""

    def __init__(
        self, rewrite: Rewrite, value: Callable[[str, str], str], key: Callable[[str], str]
    ) -> None:
        self._rewrite = rewrite
        self._value = value
        self._key = key
        self._done: dict[int, Any] = {}

    def of(self, part: Any) -> Any:
        """The copy of ``part``; what is no text and holds none is not copied."""
        if not dataclasses.is_dataclass(part) or isinstance(part, type):
            return part
        if id(part) not in self._done:
            name = type(part).__name__
            fields = _fields(part)
            new = {field: self._field(name, field, getattr(part, field)) for field in fields}
            self._done[id(part)] = dataclasses.replace(part, **new)
        return self._done[id(part)]

    def _field(self, owner: str, field: str, value: Any) -> Any:
        """What a field of a dataclass holds."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._rewrite(owner, field, value)
        if isinstance(value, Mapping):
            return self._plain(field, value)
        if (owner, field) == LINES:
            return tuple(self._rewrite(owner, field, "\n".join(value)).split("\n"))
        if isinstance(value, (tuple, list)):
            return type(value)(self._field(owner, field, item) for item in value)
        return self.of(value)

    def _plain(self, name: str, value: Any) -> Any:
        """JSON values, in which keys say what texts are called."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._value(name, value)
        if isinstance(value, Mapping):
            return {
                self._key(key) if isinstance(key, str) else key: self._plain(str(key), item)
                for key, item in value.items()
            }
        if isinstance(value, (tuple, list)):
            return type(value)(self._plain(name, item) for item in value)
        return self.of(value)


def _fields(part: Any) -> list[str]:
    """The fields of a dataclass, without those that hold dsdoctor's own words."""
    own = WORDS.get(type(part).__name__, ())
    names = [field.name for field in dataclasses.fields(part)]
    return [name for name in names if name not in own or not _is_word(getattr(part, name))]


def _is_word(value: object) -> bool:
    """Reports also come from other hosts: what is no word is redacted wherever it stands."""
    return value is None or (isinstance(value, str) and bool(_WORD.fullmatch(value)))


def _telling(field: str) -> str:
    """The name of a field where it says what kind of text it holds."""
    return field if field in ("host", "hosts") else ""
