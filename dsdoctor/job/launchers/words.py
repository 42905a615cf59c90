"""Splits a launch line into words as a shell would, and remembers where each one stands."""

from __future__ import annotations

import re
import shlex
from bisect import bisect_right
from dataclasses import dataclass

from dsdoctor.errors import UsageError
from dsdoctor.job.place import Place

NAME = "launch line"
MAX_LENGTH = 64 * 1024

_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_COMMENT = re.compile(r"#[^\n]*")
_ENDS = frozenset({"|", "||", "|&", "&", "&&", ";"})
_REDIRECT = re.compile(r"(?:\d|&)?(?:>>?|<)(?P<target>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """One word without its quotes. ``ends`` says that a pipe, ``&&`` or ``;`` follows."""

    text: str
    place: Place
    ends: bool = False


def split_words(text: str) -> list[Word]:
    """The words of a launch line; continued lines are joined, comments and redirections left out.

    Raises:
        UsageError: a quote is never closed, or the line is too long or empty.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError("the launch line is too long")
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    joined = re.sub(r"\\\r?\n", lambda match: " " * len(match[0]), text)
    raw = _raw_words(joined, starts)
    words = _commands(raw)
    if not words:
        raise UsageError("the launch line is empty")
    return words


def _raw_words(text: str, starts: list[int]) -> list[tuple[str, Place]]:
    """Words with their quotes."""
    found: list[tuple[str, Place]] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _COMMENT.match(text, position)
        if match:
            position = match.end()
            continue
        place = _place(position, starts)
        match = _WORD.match(text, position)
        if match is None or _goes_on(text, match.end()):
            raise UsageError(
                "a quote in the launch line is never closed", location=f"{place}:{place.column}"
            )
        found.append((match[0], place))
        position = match.end()
    return found


def _goes_on(text: str, end: int) -> bool:
    """A word ends at a space; anything else is a quote without its partner."""
    return end < len(text) and not text[end].isspace()


def _place(position: int, starts: list[int]) -> Place:
    line = bisect_right(starts, position)
    return Place(NAME, line, position - starts[line - 1] + 1)


def _commands(raw: list[tuple[str, Place]]) -> list[Word]:
    """Words without quotes, redirections and the signs between commands."""
    words: list[Word] = []
    skip = False
    for text, place in raw:
        redirect = _REDIRECT.match(text)
        if skip or redirect:
            skip = bool(redirect and not redirect["target"])
        elif text in _ENDS:
            if words:
                words[-1] = Word(words[-1].text, words[-1].place, ends=True)
        else:
            ends = text.endswith(";") and not text.endswith("\\;")
            words.append(Word(_unquoted(text.rstrip(";") if ends else text), place, ends))
    return words


def _unquoted(text: str) -> str:
    return "".join(shlex.split(text))
