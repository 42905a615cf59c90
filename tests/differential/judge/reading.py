"""Reads configurations with DeepSpeedConfig, as a rank of a job of a given size."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

OTHER_VALUES: tuple[Any, ...] = ("some-other-word", 7654321, {})
"""What to put in place of a value to see whether anybody looks."""

Failure = dict[str, str]


def failure(stage: str, error: BaseException) -> Failure:
    """Where DeepSpeed stopped, and with which words."""
    return {"stage": stage, "exception": type(error).__name__, "message": str(error)[:600]}


def parsed(text: str) -> Any:
    """The file as DeepSpeed reads it."""
    import hjson
    from deepspeed.runtime.config_utils import dict_raise_error_on_duplicate_keys

    return hjson.loads(text, object_pairs_hook=dict_raise_error_on_duplicate_keys)


@dataclass(frozen=True)
class Reading:
    """A configuration as it was read, and the batch sizes that DeepSpeed worked out."""

    data: Any
    micro: Any
    steps: Any


def read(text: str, world: int) -> Reading | Failure:
    """Read a configuration; what stopped DeepSpeed if it cannot."""
    try:
        data = parsed(text)
        config = configured(copy.deepcopy(data), world)
    except Exception as error:  # noqa: BLE001 - every failure is an answer
        return failure("config", error)
    return Reading(data, config.train_micro_batch_size_per_gpu, config.gradient_accumulation_steps)


def configured(data: Any, world: int) -> Any:
    """DeepSpeedConfig made of ``data`` on a rank of ``world``."""
    import deepspeed.runtime.config as module

    real = module.dist
    module.dist = SimpleNamespace(get_rank=lambda: 0, get_world_size=lambda *_: world)
    try:
        return module.DeepSpeedConfig(data)
    finally:
        module.dist = real


def ending(data: Any, world: int) -> Any:
    """All that DeepSpeedConfig holds after it has read ``data``."""
    config = configured(copy.deepcopy(data), world)
    return {name: plain(value) for name, value in vars(config).items() if name != "_param_dict"}


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` as data that compares by content."""
    if depth > 12 or isinstance(value, (str, int, float, bool, type(None), Enum)):
        return (type(value).__name__, value)
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if hasattr(value, "__dict__") and not callable(value):
        return {name: plain(item, depth + 1) for name, item in vars(value).items()}
    return repr(value)


def ignores(found: Reading, world: int, way: list[str]) -> bool:
    """Does DeepSpeed end up with the same whether or not the key is there?

    For "auto" that is proof enough. Another value could be the default, so it must also make no
    difference what stands in its place.
    """
    data = found.data
    try:
        before = ending(data, world)
        if not _same(before, changed(data, way), world):
            return False
        if value_at(data, way) == "auto":
            return True
        return all(_same(before, changed(data, way, other), world) for other in OTHER_VALUES)
    except Exception:  # noqa: BLE001 - every failure is an answer
        return False


def without_auto(text: str, key: str) -> str:
    """The configuration less what the Trainer would fill in, apart from ``key``."""
    import json

    data = parsed(text)
    kept = find(data, key)

    def cleaned(block: Any, base: list[str]) -> Any:
        if not isinstance(block, dict):
            return block
        items = ((name, cleaned(item, [*base, name])) for name, item in block.items())
        return {name: item for name, item in items if item != "auto" or [*base, name] == kept}

    return json.dumps({"train_micro_batch_size_per_gpu": 1, **cleaned(data, [])})


def _same(before: Any, data: Any, world: int) -> bool:
    return bool(ending(data, world) == before)


def find(data: Any, key: str) -> list[str] | None:
    """The way to a dotted key; a name may itself have a dot in it."""
    if not isinstance(data, dict):
        return None
    if key in data:
        return [key]
    for name in data:
        if key.startswith(f"{name}.") and (rest := find(data[name], key[len(name) + 1 :])):
            return [name, *rest]
    return None


def value_at(data: Any, way: list[str]) -> Any:
    """What stands at the end of the way."""
    for name in way:
        data = data[name]
    return data


_REMOVED = object()


def changed(data: Any, way: list[str], value: Any = _REMOVED) -> Any:
    """A copy with another value at the end of the way, or without it."""
    result = copy.deepcopy(data)
    block = value_at(result, way[:-1])
    if value is _REMOVED:
        del block[way[-1]]
    else:
        block[way[-1]] = value
    return result
