"""What a repair did to a configuration, as a diff."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Change
from dsdoctor.report.lines import StyledLine

_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def change_lines(change: Change) -> Iterator[StyledLine]:
    """What was mended, as a diff, and where it went."""
    for line in change.diff.splitlines():
        yield [(line, _DIFF.get(line[:1], ""))]
    yield from ([("fixed ", "bold green"), (item, "")] for item in change.applied)
    if change.written:
        yield [("written to ", ""), (change.written, "cyan")]
    elif change.applied:
        yield [("nothing is saved yet: add -o fixed.json or --in-place", "yellow")]
    else:
        yield [(f"{change.file}: nothing that can be mended by itself", "")]
    yield []
