"""Takes a launcher's own options off the front of its words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsdoctor.job.launchers.grammars import Grammar
from dsdoctor.job.launchers.words import Word
from dsdoctor.job.place import Setting
from dsdoctor.job.training_fields import Kind, typed

_NEGATIVE = re.compile(r"-\d+\Z|-\d*\.\d+\Z")

Options = dict[str, Setting]


def take_options(words: Sequence[Word], grammar: Grammar) -> tuple[Options, Sequence[Word]]:
    """The launcher's options and what follows them: the script and its arguments.

    Unknown options are kept too; whether one takes a value is told by what follows it.
    """
    options: Options = {}
    at = 0
    while at < len(words) and words[at].text.startswith("-") and words[at].text != "-":
        if words[at].text == "--":
            return options, words[at + 1 :]
        setting, used = _option(words, at, grammar)
        options[setting.name] = setting
        at += used
        if setting.name in grammar.last:
            break
    return options, words[at:]


def _option(words: Sequence[Word], at: int, grammar: Grammar) -> tuple[Setting, int]:
    """The option at ``at``, and how many words it takes."""
    word = words[at]
    written, equals, text = word.text.partition("=")
    name = option_name(written, grammar)
    if _is_joined(name, written, grammar):  # -N2 is -N 2
        name, equals, text = grammar.short[name[0]], "=", word.text[2:]
    if equals:
        return Setting(name, _value(name, text, grammar), word.place), 1
    following = words[at + 1] if at + 1 < len(words) else None
    if name in grammar.flags or following is None or not _is_value(name, following, grammar):
        return Setting(name, True, word.place), 1
    return Setting(name, _value(name, following.text, grammar), word.place), 2


def _is_joined(name: str, written: str, grammar: Grammar) -> bool:
    """A one-letter option with its value behind it, and no space between."""
    if written.startswith("--") or len(name) < 2 or name in grammar.ints | grammar.flags:
        return False
    return name == written[1:] and name[0] in grammar.short


def option_name(written: str, grammar: Grammar) -> str:
    """The option's name: ``--num-gpu`` is ``num_gpus`` where names may be cut short."""
    if not written.startswith("--"):
        letter = written[1:]
        return grammar.short.get(letter, letter)
    name = written[2:].replace("-", "_")
    if name in grammar.known:
        return name
    longer = [known for known in grammar.known if known.startswith(name)]
    return longer[0] if len(longer) == 1 else name


def _is_value(name: str, following: Word, grammar: Grammar) -> bool:
    """Is the next word this option's value? For an unknown option a script's name is not."""
    if is_option(following.text):
        return False
    known = not grammar.known or name in grammar.known
    return known or not following.text.endswith(".py")


def is_option(text: str) -> bool:
    """Does argparse take the word for an option? A negative number or a phrase it does not."""
    return len(text) > 1 and text[0] == "-" and not _NEGATIVE.match(text) and " " not in text


def _value(name: str, text: str, grammar: Grammar) -> int | float | str:
    if name in grammar.ints:
        number: int | str = typed(Kind.INT, text)
        return number
    if name in grammar.floats:
        fraction: float | str = typed(Kind.FLOAT, text)
        return fraction
    return text
