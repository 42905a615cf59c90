"""Paragraphs with a label in the margin."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dsdoctor.report.lines import StyledLine
from dsdoctor.report.wording import clipped

MARGIN = 8
MAX_TEXT = 8000


def labelled(label: str, text: str, width: int, style: str = "") -> Iterator[StyledLine]:
    """A paragraph with a label in the margin."""
    wrapped = _wrapped(text, width - MARGIN) or [""]
    yield [
        (f"  {label:<{MARGIN - 2}}" + " " * (len(label) >= MARGIN - 2), "bold"),
        (wrapped[0], style),
    ]
    for rest in wrapped[1:]:
        yield [(" " * MARGIN, ""), (rest, style)]


def prose(indent: str, text: str, width: int) -> Iterator[StyledLine]:
    """A paragraph wrapped at ``width`` columns."""
    for line in _wrapped(text, width - len(indent)):
        yield [(indent, ""), (line, "")]


def _wrapped(text: str, width: int) -> list[str]:
    """Cut first: a log line may have megabytes, and wrapping takes its time."""
    return textwrap.wrap(" ".join(clipped(text, MAX_TEXT).split()), max(40, width))
