"""One field of a pydantic model as plain data, for both generations of pydantic."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from typing import Any

import pydantic
import pydantic.v1

PLAIN = {bool: "bool", int: "int", float: "float", str: "string", dict: "object", list: "list"}
PLAIN |= {object: "any", Any: "any", pathlib.Path: "path", tuple: "list"}
BOUNDS = {"ge": "minimum", "gt": "above", "le": "maximum", "lt": "below"}


def generation(model: Any) -> int:
    """1 or 2: they do not accept the same values."""
    return 1 if issubclass(model, pydantic.v1.BaseModel) else 2


def fields_of(model: Any) -> dict[str, Any]:
    """The fields by their name in the class."""
    return dict(model.__fields__ if generation(model) == 1 else model.model_fields)


def validators_of(model: Any) -> list[str]:
    """Names of the functions that check more than the types."""
    if generation(model) == 1:
        roots = [v for _, v in model.__post_root_validators__] + model.__pre_root_validators__
        own = [n for f in model.__fields__.values() for n in f.class_validators]
        return sorted({v.__name__ for v in roots} | set(own))
    found = model.__pydantic_decorators__
    return sorted({*found.field_validators, *found.model_validators})


def describe(name: str, field: Any) -> tuple[dict[str, Any], Any]:
    """The key of this field, and the model that reads its value if there is one."""
    old = isinstance(field, pydantic.v1.fields.ModelField)
    extra = (field.field_info.extra if old else field.json_schema_extra) or {}
    kind, inner = _kind(field.outer_type_ if old else field.annotation)
    if old and field.allow_none:
        kind["nullable"] = True
    alias = field.alias or name
    key = {"name": alias, **kind, **_bounds(field, old), "checked": 1 if old else 2}
    if alias != name:
        key["aliases"] = [name]
    default = field.get_default() if old else _value(field)
    if inner is None and default is not None:
        key["default"] = _default(default)
    return key | _deprecation(extra), inner


def _value(field: Any) -> Any:
    return field.get_default(call_default_factory=True)


def _bounds(field: Any, old: bool) -> dict[str, Any]:
    places = [field.field_info] if old else field.metadata
    found = [(to, getattr(p, at, None)) for p in places for at, to in BOUNDS.items()]
    return {to: value for to, value in found if value is not None}


def _default(value: Any) -> Any:
    """A default as JSON would have it."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    plain = isinstance(value, bool | float | str | list | dict | None)
    return value if plain else str(value)


def _deprecation(extra: dict[str, Any]) -> dict[str, Any]:
    if not extra.get("deprecated"):
        return {}
    instead = extra.get("new_param", "")
    result: dict[str, Any] = {"deprecated": True}
    if instead:
        result["replaced_by"] = instead.split(" or ")
    if not extra.get("set_new_param", True):
        return result | {"has_effect": False}
    made = extra.get("new_param_fn", lambda value: value)(True)
    if isinstance(made, pydantic.BaseModel):
        result["becomes"] = made.model_dump(include=made.model_fields_set, mode="json")
    elif isinstance(made, pydantic.v1.BaseModel):
        result["becomes"] = {k: _default(v) for k, v in made.dict(exclude_unset=True).items()}
    return result


def _kind(annotation: Any) -> tuple[dict[str, Any], Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is typing.Literal:
        return {"type": "choice", "choices": list(arguments)}, None
    if origin is list and arguments:
        return {"type": "list", "items": _items(arguments[0])}, None
    return _class(origin or annotation)


def _union(arguments: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    real = [a for a in arguments if a is not type(None)]
    kinds = [_kind(a) for a in real]
    kind, inner = kinds[0]
    if len(real) > 1:
        kind = {"type": "|".join(k["type"] for k, _ in kinds)}
    return kind | ({"nullable": True} if len(real) < len(arguments) else {}), inner


def _items(annotation: Any) -> Any:
    kind, _ = _kind(annotation)
    return kind.get("choices", kind["type"])


def _class(annotation: Any) -> tuple[dict[str, Any], Any]:
    if annotation in PLAIN:
        return {"type": PLAIN[annotation]}, None
    if issubclass(annotation, enum.Enum):
        choices = list(dict.fromkeys(member.value for member in annotation))
        return {"type": "choice", "choices": choices}, None
    if isinstance(annotation, pydantic.v1.types.ConstrainedNumberMeta):
        return {"type": "int" if issubclass(annotation, int) else "float"}, None
    if issubclass(annotation, pydantic.BaseModel | pydantic.v1.BaseModel):
        return {"type": "block"}, annotation
    return {"type": "nothing"}, None  # a Python object that no JSON value can be
