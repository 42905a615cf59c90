"""The judge of the parser is the library that DeepSpeed reads its configuration with."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsdoctor.errors import SourceError
from dsdoctor.job.syntax.parser import parse
from tests.unit.job.syntax.strategies import damaged, scraps, spelt, strict_json
from tests.unit.job.syntax.test_parser import READ

hjson = pytest.importorskip("hjson")

EXAMPLES = int(os.environ.get("DSDOCTOR_HJSON_EXAMPLES", "1000"))


def theirs(text: str) -> Any:
    """What DeepSpeed would get: ``open`` has made all ends of lines alike before."""
    try:
        return hjson.loads(text.replace("\r\n", "\n").replace("\r", "\n"), object_pairs_hook=dict)
    except (ValueError, IndexError, OverflowError):
        return None


def ours(text: str) -> Any:
    try:
        return parse(text, "ds.json").data
    except SourceError:
        return None


@settings(
    max_examples=EXAMPLES, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(st.one_of(spelt(repeats=0.2), damaged(), scraps(), strict_json()))
def test_both_read_the_same(text: str) -> None:
    expected = theirs(text)
    # repr also tells 1 from 1.0 and True, and compares the order of the keys
    assert repr(ours(text)) == repr(expected if isinstance(expected, dict) else None)


@pytest.mark.parametrize("text", [text for text, _ in READ])
def test_the_table_says_what_the_library_does(text: str) -> None:
    assert repr(ours(text)) == repr(theirs(text))
