"""Where a setting stands. Every value of a job remembers its file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
"""The way to a key: ``("zero_optimization", "stage")``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, 1-based; line 0 where only the file is known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as its author wrote it. ``name`` is the dotted key, or the option's name."""

    name: str
    value: Any
    place: Place


def dotted(path: Path) -> str:
    """``zero_optimization.stage`` for the way there."""
    return ".".join(path)


def path_of(name: str) -> Path:
    """The way that ``dotted`` wrote."""
    return tuple(name.split("."))
