"""A map of many ranks: a cell for each, host by host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dsdoctor.report.html_endings import KINDS, Ended
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_picture import picture
from dsdoctor.report.html_signs import defined
from dsdoctor.report.wording import clipped

WIDTH, CELL, GAP = 920, 15, 18
MAX_NAME = 24
IN_A_ROW = 8
"""Cells of a row: most hosts have eight GPUs."""
MAX_RANKS = 4_096
"""Beyond that a cell could not be told from the next."""


def rank_map(ends: Sequence[Ended]) -> Markup:
    """The picture; nothing for more ranks than it can hold."""
    if len(ends) > MAX_RANKS:
        return Markup()
    blocks = _blocks(ends)
    label = 20 + 7 * max(len(clipped(name, MAX_NAME)) for name, _ in blocks)
    counts = Counter(one.kind for one in ends)
    told = ", ".join(f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts[kind])
    drawn, height = _placed(blocks, label)
    return picture(
        "map",
        (WIDTH, height),
        (
            f"Map of {len(ends)} ranks on {len(blocks)} hosts",
            f"{told}. The tables below say it rank by rank.",
        ),
        joined(defined([kind for kind in KINDS if counts[kind]]), drawn),
        "A cell is a rank, in the order of their numbers.",
    )


def _blocks(ends: Sequence[Ended]) -> list[tuple[str, list[Ended]]]:
    """The ranks by host; those of no known host by their numbers, 64 at a time."""
    found: dict[tuple[str, int], list[Ended]] = {}
    for one in ends:
        row = one.rows[0]
        key = (row.host, 0) if row.host else ("", row.rank // 64)
        found.setdefault(key, []).append(one)
    return [(host or _numbers(group), group) for (host, _), group in found.items()]


def _numbers(ends: Sequence[Ended]) -> str:
    return f"{ends[0].rows[0].rank}–{ends[-1].rows[0].rank}"


def _placed(blocks: Sequence[tuple[str, list[Ended]]], label: int) -> tuple[list[Markup], int]:
    """The blocks side by side, in rows as high as the highest of them, and how high that gets."""
    drawn: list[Markup] = []
    wide = label + IN_A_ROW * CELL + GAP
    across = max(1, (WIDTH + GAP) // wide)
    top = 4
    for first in range(0, len(blocks), across):
        line = blocks[first : first + across]
        for column, (name, ends) in enumerate(line):
            left = column * wide + label
            drawn.extend(_block(name, ends, left, top))
        top += CELL * max(-(-len(ends) // IN_A_ROW) for _, ends in line) + 5
    return drawn, top


def _block(name: str, ends: Sequence[Ended], left: int, top: int) -> Iterator[Markup]:
    """A host's name and its cells."""
    shown = clipped(name, MAX_NAME)
    yield el("text", el("title", name), shown, x=left - 8, y=top + 12, text_anchor="end")
    for number, ended in enumerate(ends):
        x = left + CELL * (number % IN_A_ROW) + 7
        y = top + CELL * (number // IN_A_ROW) + 7
        told = el("title", f"rank {ended.rows[0].rank}: {clipped(ended.words, 80)}")
        yield el("use", told, href=f"#end-{ended.kind}", x=x, y=y)
