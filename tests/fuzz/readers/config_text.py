"""Writes configurations out of decisions: DeepSpeed's keys, odd values, Hjson's many spellings."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.fuzz.choices import Choices
from tests.fuzz.words import config_keys

MAX_MEMBERS = 12
VALUES: tuple[Any, ...] = (
    0, 1, 2, 3, -1, 8, 16, 64, True, False, None, "auto", 1.0, 0.5, 1e-8, 1e30, 5e8, 10**20,
    "", "cpu", "nvme", "none", "1", "true", "bf16", "fp16", "AdamW", "Adam", "OneBitAdam",
    "WarmupLR", "WarmupDecayLR", "fp32", "/local_nvme", [], {}, [1], [0.9, 0.999], ["auto"],
    {"enabled": True}, {"device": "cpu"}, "a b # c", "x, y}", "it's", "two\nlines", "\ud800",
)  # fmt: skip
SPACES = ("", " ", "\n", "\r\n", "\r", "\n    ", "\t", " # c\n", " // c\n", " /* c */ ", "\n\n")
BARE = (
    "true", "null", "1e5", "01", "-", "1.", "cpu", "a b", "1 # c", "x}", "'a'", "'''a\n b'''",
    ".5", "- 1", "0x10", "NaN", "Infinity", "\u00a0", "٣", '"\\u12"', '"\\ud83d\\ude00"', '"\t"',
)  # fmt: skip


def written(choices: Choices) -> str:
    """A configuration, mostly well formed."""
    return _Writer(choices).document()


@cache
def _names(path: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a block of DeepSpeed's; none where there is no such block."""
    return tuple(way[-1] for way in config_keys() if way[:-1] == path)


class _Writer:
    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._left = MAX_MEMBERS

    def document(self) -> str:
        """The outermost object, with or without braces, perhaps after a byte order mark."""
        kind = self._choices.number(8)
        mark = "\ufeff" if kind == 7 else ""
        body = self._members((), 0)
        return mark + (body if kind == 0 else "{" + body + "}") + self._space()

    def _members(self, path: tuple[str, ...], depth: int) -> str:
        names = _names(path) or ("a", "b", "a")
        parts = []
        for _ in range(self._choices.number(7 if depth else 10)):
            if self._left <= 0 or not self._choices:
                break
            self._left -= 1
            parts.append(self._member(path, self._choices.pick(names), depth))
        return self._space() + "".join(parts)

    def _member(self, path: tuple[str, ...], name: str, depth: int) -> str:
        spelling = self._choices.number(8)
        key = json.dumps(name) if spelling else self._choices.pick((name, f"'{name}'"))
        end = self._choices.pick((", ", ",\n", ",\n", ",", "\n", ",,", "", ",\n  "))
        colon = f"{self._space_or('')}:{self._space_or(' ')}"
        return key + colon + self._value((*path, name), depth) + end

    def _value(self, path: tuple[str, ...], depth: int) -> str:
        how = self._choices.number(10)
        if depth < 4 and (how == 9 or (how < 8 and _names(path))):
            return "{" + self._members(path, depth + 1) + "}"
        if how == 8:
            return self._choices.pick(BARE)
        return json.dumps(self._choices.pick(VALUES))

    def _space(self) -> str:
        return self._choices.pick(SPACES)

    def _space_or(self, usual: str) -> str:
        return self._choices.pick(SPACES) if self._choices.number(8) == 0 else usual
