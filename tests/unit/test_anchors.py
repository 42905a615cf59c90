"""The literals that the scanner looks for are in every match."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.anchors import MAX_ANCHOR, anchors_of


@pytest.mark.parametrize(
    ("regex", "anchors"),
    [
        (r"CUDA out of memory\. Tried", ("CUDA out of memory. Tried",)),
        (r"Timeout\(ms\)=(\d+)", ("Timeout(ms)=",)),
        (r"(?:Address already|EADDRINUSE)", ("Address already", "EADDRINUSE")),
        (r"port (?:number )?is taken here", ("is taken here",)),
        (r"(?:abcdef)+ x", ("abcdef",)),
        (r"(?:long optional text)? ab", ()),
        (r"\d+ GiB", (" GiB",)),
        (r"a|bcdef", ()),
    ],
)
def test_finds_the_required_literal(regex: str, anchors: tuple[str, ...]) -> None:
    """Optional parts promise nothing, alternatives promise one each."""
    assert anchors_of(regex) == anchors


def test_of_a_long_literal_the_start_is_looked_for() -> None:
    """The scanner needs time by the square of the length to learn it."""
    assert anchors_of("ab" * 5_000) == ("ab" * (MAX_ANCHOR // 2),)
    assert anchors_of("ab" * 5_000 + r"\d") == ("ab" * (MAX_ANCHOR // 2),)
