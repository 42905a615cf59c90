"""Rule files, as ``--rules`` takes them from anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dsdoctor.knowledge.loader import parse_rule
from dsdoctor.knowledge.pack import Pack, index_bytes
from dsdoctor.knowledge.page import page_of
from dsdoctor.logs.matcher import Matcher
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import ROOT, files
from tests.fuzz.target import Target

PATH = Path("rules/other/x.yaml")
KEYS = (
    "code", "slug", "title", "severity", "role", "message", "why", "match", "regex", "remedies",
    "summary", "config", "env", "samples", "unless", "lint", "fires", "silent", "log", "min_count",
    "references", "anchors",
)  # fmt: skip
VALUES = (
    "DSX900", "x", "a title of some length", "fatal", "cause", "happened to {rank} [at {host}]",
    "'(a|b'", "boomboom (?P<rank>\\d+)", "'(?:x{1,99999999999})abcd'", "&x 1", "*x", "[*x]",
    "!!binary aGk=", "!!int x", "!!timestamp 2026-99-99", "{1: 2}", "{[a]: b}", "? [a]\n: b",
    "2026-99-99", "0x", "1:99:99", ".inf", "!!set {a}", "!!python/object:os.system x", "[" * 40,
    "true", "null", "~", "1", "<<", "'{rank.__class__}'", "'{0}'", "'[[{x}'",
)  # fmt: skip
START = """\
code: DSX900
slug: x
title: a title of some length
severity: fatal
role: cause
message: "rank {rank} of [{host}] had {what}"
why: because it was so long
match:
  - regex: 'boomboom (?P<what>\\w+)'
"""


def run(data: bytes) -> None:
    """Read it; a rule that is taken can be scanned for, shown and packed."""
    choices = Choices(data)
    raw = choices.number(2) == 0
    rule = parse_rule(choices.rest() if raw else _written(choices), PATH)
    page_of(rule)
    index_bytes([rule])
    Matcher(Pack([rule])).scanner.all_in(b"boomboom x")


def _written(choices: Choices) -> bytes:
    """A good rule in which lines were replaced, bent, added."""
    lines = START.splitlines()
    while choices and len(lines) < 40:
        line = f"{choices.pick(KEYS)}: {choices.pick(VALUES)}"
        at = choices.number(len(lines))
        indent = len(lines[at]) - len(lines[at].lstrip(" -"))
        if choices.number(2):
            lines[at] = lines[at][:indent] + line
        else:
            lines.insert(at, " " * choices.pick((0, 2, 4)) + choices.pick(("", "- ")) + line)
    return "\n".join(lines).encode()


def seeds() -> Iterator[bytes]:
    """The pack's own files, the start of each."""
    yield b"\0" + START.encode()
    for data in files("rules/*/*.yaml", below=ROOT, most=60):
        yield b"\0" + data[:1000]


TARGET = Target("rules", run, seeds, lambda: [*KEYS, *VALUES], 1024)
