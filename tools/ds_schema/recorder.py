"""Dictionaries that note every key they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView
from contextlib import suppress
from typing import Any

ABSENT = object()
Seen = dict[str, Any]
"""The default by dotted key; ABSENT where the reader gave none."""

OFFERS: tuple[dict[str, Any] | bool, ...] = (
    {},
    {"enabled": True, "type": "Adam", "initial_scale_power": 16},
    True,  # the old form of zero_optimization
)
"""What a block is given so that its readers ask for all their keys."""

Load = Callable[[dict[str, Any]], object]


class Watched(dict[str, Any]):
    """A dictionary that writes down which keys are looked up in it."""

    def __init__(self, data: dict[str, Any], path: str, seen: Seen) -> None:
        inner = {
            key: Watched(value, f"{path}{key}.", seen) if isinstance(value, dict) else value
            for key, value in data.items()
        }
        super().__init__(inner)
        self._path, self._seen = path, seen

    def _note(self, key: object, default: object = ABSENT) -> None:
        name = f"{self._path}{key}"
        if self._seen.get(name, ABSENT) is ABSENT:
            self._seen[name] = default

    def get(self, key: str, default: Any = None) -> Any:
        """As ``dict.get``."""
        self._note(key, default)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """As ``dict.pop``."""
        self._note(key, *default)
        return super().pop(key, *default)

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def keys(self) -> Any:
        """A view that asks this mapping; that of ``dict`` would look past it."""
        return KeysView(self)

    def __copy__(self) -> Watched:
        return self


def nested(path: str, value: object, context: dict[str, Any] | None = None) -> dict[str, Any]:
    """``a.b`` and 1 -> ``{"a": {"b": 1}}``, with ``context`` beside the last key."""
    *parents, last = path.split(".")
    result: dict[str, Any] = {**(context or {}), last: value}
    for name in reversed(parents):
        result = {name: result}
    return result


def record(load: Load, configs: Iterable[dict[str, Any]]) -> Seen:
    """All keys that reading these configurations asks for, whether or not they are refused."""
    seen: Seen = {}
    for config in configs:
        # A refused configuration was read as far as it came.
        with suppress(Exception):
            load(Watched(config, "", seen))
    return seen


def explore(load: Load, skip: Iterable[str], depth: int = 4) -> Seen:
    """Every key of every block that is read as a dictionary, found by offering empty blocks."""
    base = {"train_batch_size": 1}
    found = record(load, [base])
    front = list(found)
    for _ in range(depth):
        fresh: Seen = {}
        for path in front:
            if path in skip:
                continue
            seen = record(load, [{**base, **nested(path, offer)} for offer in OFFERS])
            fresh |= {key: default for key, default in seen.items() if key not in found}
        found |= fresh
        front = list(fresh)
    return found
