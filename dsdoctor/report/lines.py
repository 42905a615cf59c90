"""Lines of styled text, printed with rich on a terminal and as they are elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO

from dsdoctor.report.ci_commands import disarmed

Piece = tuple[str, str]
"""A piece of text and its rich style (empty for none)."""

StyledLine = list[Piece]


_UNSEEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def harmless(text: str) -> str:
    """``text`` with control characters, marks of direction and half characters spelt out.

    What is left can be encoded, and holds nothing that XML forbids.
    """
    if text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_plain(lines: Iterable[StyledLine]) -> str:
    """The text without styles, ending in a line feed."""
    whole = ("".join(harmless(text) for text, _ in line).rstrip() + "\n" for line in lines)
    return disarmed("".join(whole))


def print_styled(lines: Iterable[StyledLine], stream: IO[str]) -> None:
    """Print with colours. Text goes in as ``rich.text.Text``, so markup in a log stays text."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines:
        text = Text()
        for piece, style in line:
            text.append(harmless(piece), style or None)
        console.print(text)
