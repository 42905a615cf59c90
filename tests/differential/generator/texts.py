"""Configurations as text: as written by a program, by hand, and by a hand that slipped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random


def commented(_: Random, text: str) -> str:
    """Comments and a trailing comma, which hjson accepts."""
    return text.replace("{\n", "{ // ours\n", 1).replace("\n}", ",\n}", 1)


def unquoted(_: Random, text: str) -> str:
    """Keys without quotes, which hjson accepts."""
    return re.sub(r'"(\w+)":', r"\1:", text)


def doubled(random: Random, text: str) -> str:
    """A line that stands there twice."""
    lines = text.split("\n")
    single = [at for at, line in enumerate(lines) if re.match(r'\s+"[^"]+": [^{\[]*,$', line)]
    if not single:
        return text
    at = random.choice(single)
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def cut(random: Random, text: str) -> str:
    """The end is missing."""
    return text[: random.randrange(len(text))]


def python(_: Random, text: str) -> str:
    """Written as a Python dict."""
    return text.replace("true", "True").replace("false", "False").replace("null", "None")


def missing_comma(random: Random, text: str) -> str:
    """A comma was forgotten."""
    commas = [at for at, sign in enumerate(text) if sign == ","]
    if not commas:
        return text
    at = random.choice(commas)
    return text[:at] + text[at + 1 :]


SLIPS: tuple[Callable[[Random, str], str], ...] = (
    commented, unquoted, doubled, doubled, cut, python, missing_comma,
)  # fmt: skip


def written(random: Random, config: object) -> tuple[str, str]:
    """The text of a configuration, and what was done to it."""
    text = json.dumps(config, indent=2)
    if random.random() > 0.06:
        return text, ""
    slip = random.choice(SLIPS)
    return slip(random, text), slip.__name__
