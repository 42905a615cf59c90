"""Reads the script's arguments as the Trainer's HfArgumentParser would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dsdoctor.job.launchers.options import is_option
from dsdoctor.job.launchers.words import Word
from dsdoctor.job.place import Setting
from dsdoctor.job.training_fields import ON_BY_DEFAULT, Kind, is_bool_word, kind_of, typed


@dataclass(frozen=True, slots=True)
class ScriptArguments:
    """``named`` has all options of the script, ``positional`` all other words."""

    named: dict[str, Setting]
    positional: tuple[Word, ...]


def read_script_arguments(words: Sequence[Word]) -> ScriptArguments:
    """The script's arguments, typed where they are TrainingArguments.

    What HfArgumentParser would refuse stays text, and so do the values of unknown options. An
    option without a value is ``True``, one with several a list; the last of one name counts.
    """
    named: dict[str, Setting] = {}
    positional: list[Word] = []
    at = 0
    while at < len(words):
        if not is_option(words[at].text) or words[at].text == "--":
            positional.append(words[at])
            at += 1
            continue
        setting, used = _option(words, at)
        named[setting.name] = setting
        at += used
    return ScriptArguments(named, tuple(positional))


def _option(words: Sequence[Word], at: int) -> tuple[Setting, int]:
    """The option at ``at``, and how many words it takes."""
    word = words[at]
    written, equals, text = word.text.partition("=")
    name = written.lstrip("-").replace("-", "_")
    if name.startswith("no_") and name[3:] in ON_BY_DEFAULT and not equals:
        return Setting(name[3:], False, word.place), 1
    if equals:
        return Setting(name, _one(name, text), word.place), 1
    values = _values(words, at + 1, kind_of(name))
    return Setting(name, _together(name, values), word.place), 1 + len(values)


def _values(words: Sequence[Word], start: int, kind: Kind | None) -> list[str]:
    """The words that belong to an option: as many as its field takes."""
    end = start
    while end < len(words) and not is_option(words[end].text):
        end += 1
    values = [word.text for word in words[start:end]]
    if kind is Kind.BOOL:
        return values[:1] if values and is_bool_word(values[0]) else []
    return values if kind in (None, Kind.LIST) else values[:1]


def _together(name: str, values: list[str]) -> Any:
    if not values:
        return True
    if kind_of(name) is Kind.LIST:
        return values
    return _one(name, values[0]) if len(values) == 1 else values


def _one(name: str, text: str) -> Any:
    kind = kind_of(name)
    if kind is Kind.LIST:
        return [text]
    return text if kind is None else typed(kind, text)
