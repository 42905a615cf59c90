"""Finds one's way in a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

Path = tuple[str, ...]


def paths(config: Any, base: Path = ()) -> Iterator[Path]:
    """The ways to all keys, outermost first."""
    if isinstance(config, dict):
        for name, value in config.items():
            yield (*base, name)
            yield from paths(value, (*base, name))


def at(config: Any, path: Path) -> Any:
    """What stands there."""
    for name in path:
        config = config[name]
    return config


def put(config: Any, path: Path, value: Any) -> None:
    """Write a value; blocks on the way come into being, and replace what is no block."""
    for name in path[:-1]:
        if not isinstance(config.get(name), dict):
            config[name] = {}
        config = config[name]
    config[path[-1]] = value


def rename(config: Any, path: Path, name: str) -> None:
    """Another name for a key, in the same place."""
    block = at(config, path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in block.items()]
    block.clear()
    block.update(items)


def some_path(random: Random, config: Any) -> Path | None:
    """The way to one of the keys."""
    found = list(paths(config))
    return random.choice(found) if found else None
