"""What a command was given besides the options of its reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES_OF_FILES = frozenset({"paths", "configs"})
"""Arguments that name files, globs and folders as text, since they may also be ``-``."""


@dataclass(frozen=True, slots=True)
class Given:
    """All texts, and those among them that name files."""

    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


NOTHING = Given()


def given_in(arguments: Mapping[str, Any]) -> Given:
    """Sort the arguments of a command."""
    named = (
        text
        for name, value in arguments.items()
        for item, text in _texts([value])
        if isinstance(item, Path) or name in NAMES_OF_FILES
    )
    return Given(tuple(text for _, text in _texts(arguments.values())), tuple(named))


def _texts(values: Iterable[Any]) -> Iterator[tuple[str | Path, str]]:
    """Each text or path that is not empty, those in lists too."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _texts(value)
        elif isinstance(value, (str, Path)) and str(value):
            yield value, str(value)
