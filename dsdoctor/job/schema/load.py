"""The schema of a DeepSpeed version, and the questions that a doctor asks it."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path as FilePath
from typing import Any

import msgspec

from dsdoctor.errors import UsageError
from dsdoctor.job.place import Path, dotted, path_of
from dsdoctor.job.schema.keys import Block, Key, Optimizer, Scheduler
from dsdoctor.job.schema.suggest import suggest

LINES = ("0.14", "0.15", "0.16", "0.17", "0.18", "0.19")
"""The minor lines that have a schema, oldest first. Each was read from its last patch."""

FOLDER = FilePath(__file__).parent


class SchemaFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written. ``deepspeed`` is the version that it was read from."""

    deepspeed: str
    blocks: dict[str, Block]
    optimizers: dict[str, Optimizer]
    schedulers: dict[str, Scheduler]
    removed: dict[str, tuple[str, ...]]
    written_with: dict[str, str]


class Schema:
    """What one line of DeepSpeed accepts.

    Args:
        file: the content of the line's file.
        assumed: the version that was asked for is newer than every known one.
    """

    versions = LINES

    def __init__(self, file: SchemaFile, *, assumed: bool = False) -> None:
        self.version = file.deepspeed
        self.assumed = assumed
        self.optimizers = file.optimizers
        self.schedulers = file.schedulers
        self.removed = file.removed
        self.written_with = file.written_with
        self.blocks = {path_of(name) if name else (): block for name, block in file.blocks.items()}

    @property
    def line(self) -> str:
        """``0.19`` for 0.19.8."""
        return ".".join(self.version.split(".")[:2])

    @cached_property
    def aliases(self) -> dict[Path, Path]:
        """The way by an alias -> the canonical way."""
        return {
            (*block, alias): (*block, key.name)
            for block, content in self.blocks.items()
            for key in content.keys
            for alias in key.aliases
        }

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The canonical way to every key."""
        return tuple((*b, key.name) for b, content in self.blocks.items() for key in content.keys)

    @cached_property
    def _keys(self) -> dict[Path, Key]:
        return {(*b, key.name): key for b, content in self.blocks.items() for key in content.keys}

    def canonical(self, path: Path) -> Path:
        """The same way with the documented spelling of every name."""
        result: Path = ()
        for name in path:
            result = self.aliases.get((*result, name), (*result, name))
        return result

    def block(self, path: Path) -> Block | None:
        """The mapping at this way; the empty way is the whole file."""
        return self.blocks.get(self.canonical(path))

    def key(self, path: Path) -> Key | None:
        """The key at this way, also by an alias."""
        return self._keys.get(self.canonical(path))

    def default(self, path: Path) -> Any:
        """What DeepSpeed takes where the file says nothing; None also where that depends."""
        key = self.key(path)
        return None if key is None else key.default

    def is_removed(self, path: Path) -> bool:
        """Whether the key stops the job by merely being there."""
        return dotted(path) in self.removed

    def passed_on(self, path: Path) -> bool:
        """Whether an unknown key here is handed on to somebody else, at this block or above."""
        parents = (self.block(path[:end]) for end in range(len(path)))
        return any(block is not None and block.parser == "open" for block in parents)

    def elsewhere(self, name: str) -> tuple[Path, ...]:
        """The ways to every key of this name or alias, the shortest first."""
        found = [path for path in (*self.paths, *self.aliases) if path[-1] == name]
        return tuple(sorted(dict.fromkeys(map(self.canonical, found)), key=_by_depth))

    def suggestions(self, path: Path) -> tuple[Path, ...]:
        """Known ways that the writer of an unknown key may have meant, the best first."""
        return suggest(self, path)

    def optimizer(self, name: str) -> Optimizer | None:
        """The optimizer of this name: its own in any case, torch's exactly as spelt."""
        folded = self.optimizers.get(name.lower())
        if folded is not None and folded.any_case:
            return folded
        return self.optimizers.get(name)


def _by_depth(path: Path) -> tuple[int, Path]:
    return len(path), path


def load_schema(version: str | None = None) -> Schema:
    """The schema of a version's minor line; without a version, of the newest known.

    Raises:
        UsageError: not a version, or older than every known line.
    """
    if version is None:
        return _load(LINES[-1])
    numbers = re.match(r"v?(\d+)\.(\d+)", version.strip())
    if numbers is None:
        raise UsageError(f"{version!r} is not a DeepSpeed version", hint="write it like 0.19.8")
    wanted = (int(numbers[1]), int(numbers[2]))
    if wanted < _numbers(LINES[0]):
        known = ", ".join(LINES)
        raise UsageError(f"DeepSpeed {version} is too old to check", hint=f"known lines: {known}")
    if wanted > _numbers(LINES[-1]):
        return _load(LINES[-1], assumed=True)
    return _load(f"{wanted[0]}.{wanted[1]}")


def _numbers(line: str) -> tuple[int, int]:
    major, minor = line.split(".")
    return int(major), int(minor)


@cache
def _load(line: str, *, assumed: bool = False) -> Schema:
    data = (FOLDER / f"deepspeed-{line}.json").read_bytes()
    return Schema(msgspec.json.decode(data, type=SchemaFile), assumed=assumed)


def knowing_lines(path: Path) -> tuple[str, ...]:
    """The lines that know this key: for one that came later or is gone."""
    return tuple(line for line in LINES if _load(line).key(path) is not None)
