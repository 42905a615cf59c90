"""What holds for every text: reading never breaks, editing changes what it was told to."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Place
from dsdoctor.job.syntax.edit import drop_duplicates, edit
from dsdoctor.job.syntax.lines import LINE_END
from dsdoctor.job.syntax.merge import merge, same
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.tree import Document
from tests.unit.job.syntax.spelling import spell
from tests.unit.job.syntax.strategies import (
    configurations,
    damaged,
    patch_for,
    patches,
    scraps,
    seeds,
    spelt,
    strict_json,
)

thorough = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
_COMMENT = re.compile(r"c\d+;")


def readable(text: str) -> Document:
    try:
        return parse(text, "ds.json")
    except SourceError:
        assume(False)
        raise


def failure(text: str) -> tuple[str, str]:
    """Where and why the text is refused, or is no strict JSON."""
    try:
        strict = parse(text, "ds.json").strict_error or (Place("ds.json", 1, 1), "")
    except SourceError as error:
        return error.location, str(error)
    return f"{strict[0]}:{strict[0].column}", strict[1]


@thorough
@given(st.one_of(damaged(), scraps()))
def test_reading_fails_in_one_way_only(text: str) -> None:
    place, reason = failure(text)
    assert re.fullmatch(r"ds\.json:[1-9]\d*:[1-9]\d*", place)
    assert reason.replace("\n", "").isprintable()


@thorough
@given(configurations, seeds)
def test_every_spelling_reads_as_what_was_written(data: dict[str, Any], rng: Random) -> None:
    document = parse(spell(data, rng, 0.2), "ds.json")
    assert same(document.data, data)
    assert list(document.data) == list(data)


@thorough
@given(spelt(repeats=0.2), patches, seeds)
def test_an_edited_text_reads_as_the_merged_data(
    text: str, fresh: dict[str, Any], rng: Random
) -> None:
    document = parse(text, "ds.json")
    patch = patch_for(document.data, rng, fresh)
    after = edit(document, patch)
    assert same(parse(after, "ds.json").data, merge(document.data, patch))
    assert edit(parse(after, "ds.json"), patch) == after, "a second time changes nothing"


@thorough
@given(damaged(), patches, seeds)
def test_so_does_an_odd_text(text: str, fresh: dict[str, Any], rng: Random) -> None:
    document = readable(text)
    patch = patch_for(document.data, rng, fresh)
    after = parse(edit(document, patch), "ds.json")
    assert same(after.data, merge(document.data, patch))


@thorough
@given(strict_json(), patches, seeds)
def test_strict_json_stays_strict(text: str, fresh: dict[str, Any], rng: Random) -> None:
    document = parse(text, "ds.json")
    assert document.strict_error is None
    after = edit(document, patch_for(document.data, rng, fresh))
    assert parse(after, "ds.json").strict_error is None
    assert after.count("\r") == after.count("\n") or "\r" not in text


@thorough
@given(spelt(), patches, seeds)
def test_comments_are_lost_only_with_what_they_stand_beside(
    text: str, fresh: dict[str, Any], rng: Random
) -> None:
    document = parse(text, "ds.json")
    patch = patch_for(document.data, rng, fresh)
    after = edit(document, patch)
    may_go = set(_COMMENT.findall("".join(_touched(document, patch))))
    assert set(_COMMENT.findall(text)) - set(_COMMENT.findall(after)) <= may_go


@thorough
@given(spelt(repeats=0.4))
def test_repeated_keys_go(text: str) -> None:
    document = parse(text, "ds.json")
    after = parse(drop_duplicates(document), "ds.json")
    assert same(after.data, document.data)
    assert not after.duplicates


def _touched(document: Document, patch: dict[str, Any], path: tuple[str, ...] = ()) -> list[str]:
    """The lines of what goes, to the last, and the values that others replace."""
    found = []
    for key, value in patch.items():
        node = document.node((*path, key))
        owner = document.node(path)
        if node is None or owner is None:
            continue
        if isinstance(value, dict) and node.kind == "object":
            found += _touched(document, value, (*path, key))
        elif value is None:
            member = owner.named[key]
            end = LINE_END.search(document.text, max(node.end, member.comma))
            found.append(document.text[member.start : end.start() if end else None])
        else:
            found.append(document.text[node.start : node.end])
    return found
