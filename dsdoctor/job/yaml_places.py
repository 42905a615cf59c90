"""Reads a YAML or JSON settings file and remembers the line of every key.

Values are what PyYAML's safe loader, or ``json``, gives the library that reads the file in the
job, with two exceptions: dates and NaN stay text, so that every value is a plain JSON value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NoReturn

import yaml

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Path, Place, Setting, dotted
from dsdoctor.job.yaml_values import Values
from dsdoctor.knowledge.yaml_nodes import TooDeepError, composed

MAX_BYTES = 1024 * 1024

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class Settings:
    """A mapping read from a file, and where each of its keys stands."""

    name: str
    data: dict[str, Any]
    places: Mapping[Path, Place]

    def place(self, *path: str) -> Place:
        """Where the key stands; the file alone where that is unknown."""
        return self.places.get(path, Place(self.name))

    def setting(self, key: str) -> Setting:
        """The value of a key of the outermost mapping."""
        return Setting(key, self.data[key], self.place(key))

    def flat(self) -> dict[str, Setting]:
        """Every value that is no mapping, under its dotted name."""
        return {setting.name: setting for setting in _leaves(self, self.data, ())}


def read_settings(path: FilePath) -> Settings:
    """Read a file of settings, YAML or JSON.

    Raises:
        SourceError: it cannot be read or is no such file.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=str(path)) from None
    if len(data) > MAX_BYTES:
        raise SourceError("larger than 1 MB, no settings file is", location=str(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError("not UTF-8 text", location=f"{path}:{line}") from None
    return parse_settings(text, str(path))


def parse_settings(text: str, name: str) -> Settings:
    """Read the text of a settings file called ``name``; ``.json`` is held to JSON's grammar.

    Raises:
        SourceError: the text is neither YAML nor JSON, holds a key twice, or is no mapping.
    """
    if name.endswith(".json"):
        return _json(text, name)
    if text.lstrip().startswith("{"):  # Accelerate and others hand any name to YAML
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return _yaml(text, name)
        return _json(text, name)
    return _yaml(text, name)


def _yaml(text: str, name: str) -> Settings:
    try:
        root = _compose(text, name)
    except (yaml.YAMLError, ValueError) as error:
        _refuse(name, text, error)
    if root is None:
        raise SourceError("the file is empty", location=name)
    values = Values(name)
    data = values.value(root)
    return Settings(name, _mapping(data, name), values.places)


def _json(text: str, name: str) -> Settings:
    """``json`` reads the values; the YAML parser, which knows JSON's grammar too, the places."""
    try:
        data = json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise SourceError(f"not valid JSON: {error.msg}", location=where) from None
    except RecursionError:
        raise SourceError("nested too deeply", location=name) from None
    except ValueError:  # an integer of thousands of digits
        raise SourceError("not valid JSON: a number is too long", location=name) from None
    values = Values(name)
    if root := _compose_json(text, name):
        values.value(root)
    return Settings(name, _mapping(data, name), values.places)


def _compose_json(text: str, name: str) -> yaml.Node | None:
    """The nodes of valid JSON; ``None`` in the few cases that YAML's grammar does not cover."""
    text = _SURROGATE.sub(r"\\u0020", text.replace("\t", " "))  # YAML allows neither
    try:
        return _compose(text, name)
    except (yaml.YAMLError, ValueError):
        return None


def _mapping(data: Any, name: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise SourceError(
            f"holds a {_KINDS.get(type(data), 'single value')}, not named settings", location=name
        )
    return data


_KINDS = {list: "list", str: "single text", int: "single number", float: "single number"}


def _compose(text: str, name: str) -> yaml.Node | None:
    """The document's nodes."""
    try:
        return composed(text)
    except TooDeepError as error:
        raise SourceError(str(error), location=name) from None


def _refuse(name: str, text: str, error: Exception) -> NoReturn:
    """One clear sentence for what the YAML parser says, with its place."""
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        where = f"{name}:{text.count(chr(10), 0, position) + 1}"
    tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
    hint = "YAML is indented with spaces, not tabs" if tab else ""
    raise SourceError(f"not valid YAML: {said.splitlines()[0]}", hint=hint, location=where)


def _leaves(settings: Settings, data: dict[str, Any], above: Path) -> list[Setting]:
    found: list[Setting] = []
    for key, value in data.items():
        path = (*above, key)
        if isinstance(value, dict) and value:
            found += _leaves(settings, value, path)
        else:
            found.append(Setting(dotted(path), value, settings.place(*path)))
    return found
