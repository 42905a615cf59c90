"""The rules as the program uses them: loaded once, looked up by code or slug.

A wheel carries ``_rules/index.json``, written when it is built, because parsing some 200 YAML
files would cost more than explaining a log. In a checkout the YAML itself is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from dsdoctor.errors import RuleError
from dsdoctor.knowledge.anchors import anchors_of
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.rule import Pattern, Rule

PACKAGE = Path(__file__).resolve().parent.parent
INDEX = PACKAGE / "_rules" / "index.json"
CHECKOUT = PACKAGE.parent / "rules"


class Pack:
    """An ordered set of rules.

    Args:
        rules: the rules; codes must be unique.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_code = {rule.code: rule for rule in rules}
        self._by_slug = {rule.slug: rule for rule in self._by_code.values()}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __getitem__(self, code: str) -> Rule:
        return self._by_code[code]

    def __contains__(self, code: str) -> bool:
        return code in self._by_code

    def find(self, name: str) -> Rule | None:
        """Look a rule up by its code (any case) or slug."""
        return self._by_code.get(name.upper()) or self._by_slug.get(name.lower())


def load_pack(extra: Path | None = None) -> Pack:
    """Load the built-in rules, and those of the folder ``extra`` over them.

    Raises:
        RuleError: there are no rules, or one of them is invalid.
    """
    rules = [*_built_in(), *(load_rules(extra) if extra is not None else ())]
    if not rules:
        raise RuleError("no rule files found", location=str(CHECKOUT))
    return Pack(rules)


@cache
def _built_in() -> tuple[Rule, ...]:
    """The checkout's rules where there is one, else the wheel's."""
    if not CHECKOUT.is_dir() and INDEX.is_file():
        return msgspec.json.decode(INDEX.read_bytes(), type=tuple[Rule, ...])
    return tuple(load_rules(CHECKOUT))


def index_bytes(rules: Iterable[Rule]) -> bytes:
    """The pack as JSON for the wheel: without samples, anchors worked out in advance."""
    return msgspec.json.encode([_for_index(rule) for rule in rules])


def _for_index(rule: Rule) -> Rule:
    """A rule as the index keeps it."""
    match = tuple(with_anchors(pattern) for pattern in rule.match)
    lint = msgspec.structs.replace(rule.lint, fires=(), silent=()) if rule.lint else None
    return msgspec.structs.replace(rule, samples=None, match=match, lint=lint)


def with_anchors(pattern: Pattern) -> Pattern:
    """The pattern with its anchors filled in."""
    if pattern.anchors:
        return pattern
    return msgspec.structs.replace(pattern, anchors=anchors_of(pattern.regex))
