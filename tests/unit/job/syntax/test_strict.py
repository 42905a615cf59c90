"""Why Python's ``json`` refuses what DeepSpeed reads."""

from __future__ import annotations

import json

import pytest

from dsdoctor.job.syntax.parser import parse


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ('{\n  "a": 1, // one\n  "b": 2\n}', (2, 11), "a comment"),
        ('{\n  # one\n  "b": 2\n}', (2, 3), "a comment"),
        ('{"b": /* two */ 2}', (1, 7), "a comment"),
        ('{"b": 2}\n# end', (2, 1), "a comment"),
        ('{"a": 1,\n}', (1, 8), "a comma before the closing }"),
        ('{"a": [1, 2, ]}', (1, 12), "a comma before the closing ]"),
        ('{"a": 1,\nb: 2}', (2, 1), "a key without double quotes"),
        ("{'a': 1}", (1, 2), "single quotes"),
        ("{\"a\": 'x'}", (1, 7), "single quotes"),
        ('{"a": True,\n"b": 1}', (1, 7), "a text without quotes: True is Python, JSON writes true"),
        ('{"a": auto\n}', (1, 7), "a text without quotes"),
        ('{"a": 01\n}', (1, 7), "a text without quotes"),
        ('{"a": 1\n"b": 2}', (2, 1), "a missing comma"),
        ('{"a": NaN\n}', (1, 7), "NaN or Infinity, which DeepSpeed takes for a text"),
        ('{"b": -Infinity\n}', (1, 7), "NaN or Infinity, which DeepSpeed takes for a text"),
        ('{"a": "it\\\'s"}', (1, 10), "an escape that JSON does not know"),
        ('"a": 1', (1, 1), "no braces around the whole"),
        ("# nothing", (1, 10), "an empty file"),
        ("", (1, 1), "an empty file"),
        ('\ufeff{"a": 1}', (1, 1), "a byte order mark at the start of the file"),
        ("NaN: 1", (1, 1), "no braces around the whole"),
    ],
)  # fmt: skip
def test_the_first_thing_that_json_refuses(text: str, where: tuple[int, int], reason: str) -> None:
    found = parse(text, "ds.json").strict_error
    assert found is not None
    place, why = found
    assert (place.line, place.column) == where
    assert why == reason


@pytest.mark.parametrize("text", ['{"a": [1.0, true, null], "a": {"b": "\\u00e9"}}', "{}\r\n"])
def test_json_has_no_strict_error(text: str) -> None:
    json.loads(text)
    assert parse(text, "ds.json").strict_error is None
