"""RFC 7396; the table is that of the RFC's appendix."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dsdoctor.job.syntax.merge import merge, same


@pytest.mark.parametrize(
    ("data", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge(data: Any, patch: Any, merged: Any) -> None:
    before = copy.deepcopy((data, patch))
    assert merge(data, patch) == merged
    assert (data, patch) == before


def test_same_knows_booleans_from_numbers() -> None:
    assert same({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2}]})
    assert not same({"a": 1}, {"a": True})
    assert not same([0], [False])
    assert not same({"a": 1}, {"a": 1, "b": None})
    assert not same([1], [1, 2])
    assert not same(None, 0)
