"""A key that only gets another name keeps its place and its comment."""

from __future__ import annotations

import pytest

from dsdoctor.job.syntax.edit import edit
from dsdoctor.job.syntax.parser import parse

CASES = {
    "in place": (
        '{\n  "a": 1, // one\n  "b": 5e8\n}',
        {"a": None, "c": 1},
        '{\n  "c": 1, // one\n  "b": 5e8\n}',
    ),
    "nested": (
        '{"z": {"old": [1, 2]}}',
        {"z": {"old": None, "new": [1, 2]}},
        '{"z": {"new": [1, 2]}}',
    ),
    "a block": ('{"x": {"s": 3}, "y": 1}', {"x": None, "w": {"s": 3}}, '{"w": {"s": 3}, "y": 1}'),
    "unquoted": ("{\n  a: 1\n}", {"a": None, "c": 1}, '{\n  "c": 1\n}'),
    "another value": ('{"a": 1, "b": 3}', {"a": None, "c": 2}, '{"b": 3, "c": 2}'),
    "to where a key stands": ('{"a": 1, "c": 2}', {"a": None, "c": 1}, '{"c": 1}'),
}


@pytest.mark.parametrize(("text", "patch", "wanted"), CASES.values(), ids=CASES)
def test_rename(text: str, patch: dict[str, object], wanted: str) -> None:
    assert edit(parse(text, "ds_config.json"), patch) == wanted


def test_a_repeated_key_is_not_renamed() -> None:
    document = parse('{"a": 1, "a": 2}', "ds_config.json")
    assert parse(edit(document, {"a": None, "c": 2}), "x").data == {"c": 2}
