"""Reads Hugging Face TrainingArguments from a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as FilePath

from dsdoctor.job.place import Setting
from dsdoctor.job.training_fields import RENAMED, kind_of
from dsdoctor.job.yaml_places import Settings, read_settings


def read_training_args(path: FilePath) -> dict[str, Setting]:
    """The TrainingArguments in a JSON or YAML file, as ``HfArgumentParser`` reads it.

    Keys are today's names (``RENAMED``); each setting keeps the name that its author wrote. YAML's
    ``1e-4`` is text there, as it is for the Trainer: only ``1.0e-4`` is a number.

    Raises:
        SourceError: the file cannot be read.
    """
    return training_arguments(read_settings(path))


def training_arguments(settings: Settings) -> dict[str, Setting]:
    """Those of the settings that are TrainingArguments."""
    return under_todays_names(
        settings.setting(key) for key in settings.data if kind_of(key) is not None
    )


def under_todays_names(settings: Iterable[Setting]) -> dict[str, Setting]:
    """The settings by today's name of each; the last of one name counts."""
    given = {setting.name: setting for setting in settings}
    found = {name: setting for name, setting in given.items() if name not in RENAMED}
    for other, name in RENAMED.items():
        setting = given.get(other)
        if setting and (setting.value is not None or name not in found):
            found[name] = setting
    return found
