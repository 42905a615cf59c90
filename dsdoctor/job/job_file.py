"""What a training framework's settings come to: the Trainer's arguments, and the model's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsdoctor.job.place import Setting
from dsdoctor.job.training_fields import Kind, kind_of, typed

Given = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class JobFile:
    """The settings of one file or command line, sorted by whom they are for.

    ``arguments`` are TrainingArguments under their own names. ``model`` knows ``dtype``
    ("bfloat16", "float16", "float32"), ``load_in_4bit``, ``load_in_8bit``, ``adapter``,
    ``sequence_length`` and ``name``. ``config`` names ds_config.json, or is its content
    if that stands in the file. ``other`` is what nobody here knows.
    """

    framework: str = "trainer"
    arguments: Mapping[str, Setting] = field(default_factory=dict)
    model: Mapping[str, Setting] = field(default_factory=dict)
    config: Setting | None = None
    other: Mapping[str, Setting] = field(default_factory=dict)


Reader = Callable[[Given], JobFile]

DTYPES: Mapping[str, str] = {
    "bf16": "bfloat16",
    "fp16": "float16",
    "fp32": "float32",
    "half": "float16",
    "float": "float32",
    "bfloat16": "bfloat16",
    "float16": "float16",
    "float32": "float32",
}


def is_path(value: Any) -> bool:
    """Is it a path? The Trainer takes a text that starts with a brace for the content itself."""
    return isinstance(value, str) and value != "" and not value.startswith("{")


def ds_config(arguments: Given) -> Setting | None:
    """The argument that names ds_config.json, if it names one."""
    setting = arguments.get("deepspeed")
    return setting if setting and isinstance(setting.value, str | dict) and setting.value else None


def with_value(setting: Setting, value: Any) -> Setting:
    """The setting with another value, under its author's name and at its place."""
    return Setting(setting.name, value, setting.place)


def as_typed(name: str, setting: Setting) -> Setting:
    """A TrainingArguments value whose text is read by its field's kind: "1e-4" is a number."""
    kind = kind_of(name)
    if kind in (None, Kind.TEXT, Kind.LIST) or not isinstance(setting.value, str):
        return setting
    return with_value(setting, typed(kind, setting.value))


def renamed(given: Given, names: Mapping[str, str]) -> dict[str, Setting]:
    """Those of ``names`` (theirs to ours) that are given a value."""
    return {
        ours: given[theirs]
        for theirs, ours in names.items()
        if theirs in given and given[theirs].value is not None
    }


def left_over(given: Given, used: Mapping[str, Setting], *more: Mapping[str, Setting]) -> Given:
    """The settings that none of these mappings took up."""
    taken = {setting.name for mapping in (used, *more) for setting in mapping.values()}
    return {name: setting for name, setting in given.items() if name not in taken}
