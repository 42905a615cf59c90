"""Blocks that a pydantic model reads: every field with its type, bounds and old spellings."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from typing import Any

from tools.ds_schema import facts
from tools.ds_schema.fields import describe, fields_of, generation, validators_of

Blocks = dict[str, dict[str, Any]]


class ProblemError(Exception):
    """Something in this version that the tool does not know yet."""


def model_at(address: str) -> type | None:
    """``package.module:Name``, where this version has it."""
    module, _, name = address.partition(":")
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return getattr(importlib.import_module(module), name, None) if found else None


def model_blocks() -> Blocks:
    """All blocks that a model reads, by dotted path."""
    result: Blocks = {}
    for path, address in facts.MODELS.items():
        model = model_at(address)
        if model is not None:
            _add(result, path, model)
    return result


def _written(model: type, name: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for (of, text), keys in facts.WRITTEN.items():
        if of == model.__name__ and text in inspect.getsource(model):
            result.update(keys.get(name, {}))
    return result


def _complete(path: str, keys: list[dict[str, Any]]) -> None:
    """Replacements are named in the class's words: give them the way a file would."""
    names = {old: key["name"] for key in keys for old in key.get("aliases", ())}
    for key in keys:
        if "replaced_by" in key:
            news = [names.get(new, new) for new in key["replaced_by"]]
            key["replaced_by"] = [f"{path}.{new}" for new in news]


def _add(result: Blocks, path: str, model: type) -> None:
    from deepspeed.runtime.config_utils import DeepSpeedConfigModel

    validators = validators_of(model)
    unknown = [name for name in validators if name not in facts.VALIDATORS]
    if unknown:
        raise ProblemError(f"facts.py must tell what {unknown} of {model.__name__} check")
    keys = []
    for name, field in fields_of(model).items():
        key, inner = describe(name, field)
        for validator in validators:
            key.update(facts.VALIDATORS[validator].get(name, {}))
        key.update(_written(model, name))
        keys.append(key)
        if inner is not None:
            _add(result, f"{path}.{key['name']}", inner)
            key.update(facts.BLOCK_VALIDATORS.get(inner.__name__, {}))
    _complete(path, keys)
    result[path] = {
        "parser": "forbid",
        "model": f"{model.__module__}.{model.__name__}",
        "drops_auto": issubclass(model, DeepSpeedConfigModel),
        "validators": [v for v in validators if v not in facts.INERT.get(generation(model), ())],
        "keys": sorted(keys, key=lambda key: str(key["name"])),
    }
