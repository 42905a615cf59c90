"""The reader of configurations, and the edits that keep everything else as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.job.syntax.edit import drop_duplicates, edit
from dsdoctor.job.syntax.merge import merge, same
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.read import decode
from dsdoctor.job.syntax.tree import Document
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import ROOT, files
from tests.fuzz.readers.config_text import VALUES, written
from tests.fuzz.target import Target
from tests.fuzz.words import config_keys, rules

NAME = "ds_config.json"


def run(data: bytes) -> None:
    """Read it, then change it: what was not named in the change reads as before."""
    patch, text = patch_and_text(data)
    document = parse(text, NAME)
    _strict(document)
    assert parse(drop_duplicates(document), NAME).data == document.data
    assert edit(document, {}) == text
    wanted = merge(document.data, patch)
    once = edit(document, patch)
    again = parse(once, NAME)
    assert same(again.data, wanted), (patch, once)
    assert edit(again, patch) == once, "an edit twice is an edit once"


def patch_and_text(data: bytes) -> tuple[dict[str, Any], str]:
    """Some bytes for a patch, the rest for the text: as it is, or written by its decisions."""
    choices = Choices(data)
    raw = choices.number(2) == 0
    patch = _patch(choices, 2)
    return patch, decode(choices.rest(), NAME) if raw else written(choices)


def _patch(choices: Choices, depth: int) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for _ in range(choices.number(3)):
        key = choices.pick(KEYS)
        value = choices.pick(VALUES)
        patch[key] = _patch(choices, depth - 1) if depth and choices.number(3) == 0 else value
    return patch


def _strict(document: Document) -> None:
    """Where nothing is said against it, Python's json reads the same."""
    if document.strict_error is None:
        theirs: Mapping[str, Any] = json.loads(document.text.removeprefix("\ufeff"))
        assert same(theirs, document.data) or "." in document.text or "e" in document.text.lower()


KEYS = (
    "a", "b", "zero_optimization", "stage", "train_batch_size", "fp16", "enabled", "optimizer",
    "params", "lr", "it's", "a b", "", "ü", "x: y", "//", "}", '"', "\ud800",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Captured configurations, the examples, and those of the rules' samples."""
    captured = [*files("*/*.json", below=ROOT / "fixtures/cases"),
                *files("*.json", below=ROOT / "dsdoctor/job/examples")]  # fmt: skip
    samples = [
        s.config.encode() for r in rules() if r.lint for s in (*r.lint.fires, *r.lint.silent)
    ]
    for number, data in enumerate([*captured, *samples]):
        yield bytes((0, number % 3, number % 17, number % 23, 1, 0))[: 2 + number % 5] + data[:505]


def words() -> list[str]:
    """DeepSpeed's keys, and the signs of Hjson."""
    names = dict.fromkeys(name for path in config_keys() for name in path)
    return [
        *(f'"{name}": ' for name in names),
        "'''",
        "/*",
        "*/",
        "//",
        "#",
        "true",
        "auto",
        "1e400",
    ]


TARGET = Target("config", run, seeds, words, 512)
