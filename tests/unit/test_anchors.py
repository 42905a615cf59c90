"""The literals that the scanner looks for are in every match."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.anchors import anchors_of


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
