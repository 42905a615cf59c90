"""Paragraphs with a label in the margin."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dsdoctor.report.lines import StyledLine

MARGIN = 8


def labelled(label: str, text: str, width: int, style: str = "") -> Iterator[StyledLine]:
    """A paragraph with a label in the margin."""
    wrapped = textwrap.wrap(" ".join(text.split()), max(40, width - MARGIN)) or [""]
    yield [
        (f"  {label:<{MARGIN - 2}}" + " " * (len(label) >= MARGIN - 2), "bold"),
        (wrapped[0], style),
    ]
    for rest in wrapped[1:]:
        yield [(" " * MARGIN, ""), (rest, style)]


def prose(indent: str, text: str, width: int) -> Iterator[StyledLine]:
    """A paragraph wrapped at ``width`` columns."""
    for line in textwrap.wrap(" ".join(text.split()), max(40, width - len(indent))):
        yield [(indent, ""), (line, "")]
