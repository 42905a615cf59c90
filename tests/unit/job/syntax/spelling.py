"""Writes data in the many ways that Hjson allows, and damages texts, for the property tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

_BARE = re.compile(r"""[^\s{}\[\],:'"#/][^\r\n]*""")
_BARE_KEY = re.compile(r"""[^\s{}\[\],:'"#/][^\s{}\[\],:]*""")
_NOT_TEXT = re.compile(r"(?:null|true|false|-?\d).*", re.DOTALL)
ALPHABET = "{}[]:,'\"#/*\\ \n\r\t-+.0123456789eEabntrufls\x0b\xa0\x00\ufeff\u0662\U0001f600"
PIECES = [
    "true", "false", "null", "True,", "NaN", "-Infinity", "1e5", "1.0", "01", "1e999", "'''", "//",
    "/*", "*/", "/* c */", "# c\n", "// c\n", ", ", ",,", ": ", '"a": 1', "a: b\n", "\r\n", "{}",
    "[]", '""', "''", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\u 12", "\\x",
]  # fmt: skip


def spell(data: dict[str, Any], rng: Random, repeats: float = 0.0) -> str:
    """A text that reads as ``data``, in a random spelling with random comments.

    ``repeats`` is how likely a key has another value before the one that counts.
    """
    speller = _Speller(rng, repeats)
    mark = "\ufeff" if data and rng.random() < 0.1 else ""
    if rng.random() < 0.2:
        body = speller.members(data, 0)
        return f"{mark}{speller.gap(0)}{body}{speller.gap(0)}\n"
    return f"{mark}{speller.gap(0)}{speller.object(data, 0)}{speller.gap(0)}\n"


def damage(text: str, rng: Random) -> str:
    """The text with a few random changes."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 0, 1, 1, 2, 8)))
        new = rng.choice(("", rng.choice(ALPHABET), rng.choice(PIECES), text[end : end + 5]))
        text = text[:start] + new + text[end:]
    return text


class _Speller:
    """One author's habits: chosen once a text, with lapses."""

    def __init__(self, rng: Random, repeats: float) -> None:
        self.rng = rng
        self.newline = rng.choice(("\n", "\n", "\r\n"))
        self.unit = rng.choice(("", "  ", "    ", "\t"))
        self.commas = rng.choice((0.0, 0.5, 1.0, 1.0))
        self.trailing = rng.choice((0.0, 0.3, 1.0))
        self.lines = rng.choice((0.0, 0.8, 1.0))
        self.comments = rng.choice((0.0, 0.0, 0.3))
        self.bare = rng.choice((0.0, 0.5, 0.9))
        self.repeats = repeats if rng.random() < 0.5 else 0.0
        self.number = 0

    def gap(self, depth: int) -> str:
        """Blanks, ends of lines and comments."""
        parts = [self.rng.choice(("", "", " ", "  "))]
        while self.rng.random() < self.comments:
            self.number += 1
            parts.append(
                self.rng.choice((f"# c{self.number};\n", f"// c{self.number};\n",
                                 f"/* c{self.number}; */", f"/* c{self.number};\n */ "))
            )  # fmt: skip
        if self.rng.random() < self.lines:
            parts.append("\n" + self.unit * depth)
        return "".join(parts).replace("\n", self.newline)

    def space(self) -> str:
        return self.rng.choice(("", " ", " ", "\t")) if self.rng.random() < 0.9 else self.gap(1)

    def object(self, data: dict[str, Any], depth: int) -> str:
        if not data:
            return self.rng.choice(("{}", "{ }", "{" + self.gap(depth) + "}"))
        return "{" + self.members(data, depth + 1) + self.gap(depth) + "}"

    def members(self, data: dict[str, Any], depth: int) -> str:
        parts, items = [], list(self.repeated(data))
        for index, (key, value) in enumerate(items, 1):
            name = self.key(key)
            space = self.space() if name[0] in "'\"" else self.rng.choice(("", " ", "\t "))
            parts += [self.gap(depth), name, space, ":", self.space()]
            parts.append(self.ended(value, depth, last=index == len(items)))
        return "".join(parts)

    def repeated(self, data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The items, some of them after others with the same key."""
        for key, value in data.items():
            while self.rng.random() < self.repeats:
                yield key, self.rng.choice([{"a": [0]}, [], "x", 0.5, {key: {}}])
            yield key, value

    def ended(self, value: Any, depth: int, *, last: bool) -> str:
        """A value with whatever lets the next one follow."""
        text, bare = self.value(value, depth)
        chance = self.trailing if last else self.commas
        if bare:
            return text + self.newline + ("," if self.rng.random() < chance * 0.1 else "")
        if self.rng.random() < chance:
            return text + (self.space() if self.rng.random() < 0.1 else "") + ","
        return text if last else text + self.newline

    def value(self, value: Any, depth: int) -> tuple[str, bool]:
        """The spelling, and whether it needs the end of the line."""
        if isinstance(value, dict):
            return self.object(value, depth), False
        if isinstance(value, list):
            inner = (
                self.gap(depth + 1) + self.ended(item, depth + 1, last=index + 1 == len(value))
                for index, item in enumerate(value)
            )
            return "[" + "".join(inner) + self.gap(depth) + "]", False
        if isinstance(value, str):
            return self.text(value)
        return self.scalar(value), False

    def scalar(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
            return self.rng.choice((str(value), str(value), f"{value}.0", f"{value}e0"))
        return json.dumps(value)

    def text(self, value: str) -> tuple[str, bool]:
        bare = _BARE.fullmatch(value) and value.strip() == value and not _NOT_TEXT.match(value)
        if bare and self.rng.random() < self.bare:
            return value, True
        plain = not any(sign in value for sign in "'\r\n\t") and value.strip() == value
        if plain and self.rng.random() < 0.1:
            return f"'''{self.newline}{value}'''", False
        return self.quoted(value), False

    def key(self, key: str) -> str:
        if _BARE_KEY.fullmatch(key) and self.rng.random() < self.bare:
            return key
        return self.quoted(key)

    def quoted(self, value: str) -> str:
        text = json.dumps(value, ensure_ascii=self.rng.random() < 0.5)
        if self.rng.random() < 0.2:
            return "'" + text[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
        return text
