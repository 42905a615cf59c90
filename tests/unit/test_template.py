"""Messages have no holes."""

from __future__ import annotations

from dsdoctor.knowledge.template import fields_of, fill, required_fields


def test_optional_part_vanishes_when_a_field_is_unknown() -> None:
    """Square brackets mark what may be left out."""
    template = "rank {rank} asked for {asked}[, which had {free} free]"
    assert fill(template, {"rank": "3", "asked": "2 GiB"}) == "rank 3 asked for 2 GiB"
    full = fill(template, {"rank": "3", "asked": "2 GiB", "free": "1 GiB"})
    assert full == "rank 3 asked for 2 GiB, which had 1 GiB free"


def test_plain_brackets_stay() -> None:
    """Only brackets around a field are special."""
    assert fill("torch.Size([0]) for {name}", {"name": "w"}) == "torch.Size([0]) for w"


def test_unknown_required_field_shows_as_a_question_mark() -> None:
    """A hole is visible, never an exception."""
    assert fill("on {host}", {}) == "on ?"


def test_field_names() -> None:
    """Required fields are those outside brackets."""
    template = "{a}[ and {b}]"
    assert fields_of(template) == {"a", "b"}
    assert required_fields(template) == {"a"}
