"""How each rank ended, sorted into the few kinds that a picture can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.model import Finding, RankRow, Report

WELL = "exit code 0"
ABSENT = "left no line in these logs"
KINDS = {
    "cause": "where it began",
    "failed": "failed or stopped after it",
    "well": "ended well",
    "silent": "no word of its end",
    "absent": "left no line",
}
"""In the order of their weight."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Ranks that ended alike."""

    kind: str
    words: str
    code: str
    rows: tuple[RankRow, ...]


def endings(report: Report) -> list[Ended]:
    """One for each rank, in their order."""
    root = report.verdict.root
    guilty = set(root.ranks) if root else set()
    return [_ended(row, root if row.rank in guilty else None) for row in report.ranks]


def alike(ends: Sequence[Ended]) -> list[Ended]:
    """The kinds of ending, the one where it began first."""
    found: dict[tuple[str, str, str], list[RankRow]] = {}
    for one in ends:
        found.setdefault((one.kind, one.words, one.code), []).extend(one.rows)
    order = list(KINDS)
    groups = [Ended(*key, tuple(rows)) for key, rows in found.items()]
    return sorted(groups, key=lambda one: (order.index(one.kind), len(one.rows)))


def _ended(row: RankRow, root: Finding | None) -> Ended:
    """``root`` is given for a rank that it is about; it speaks for one that said nothing."""
    if root is not None and row.code in ("", root.code):
        return Ended("cause", row.ended or root.title, root.code, (row,))
    kind = _kind_of(row)
    return Ended(kind, row.ended or KINDS[kind], row.code, (row,))


def _kind_of(row: RankRow) -> str:
    if row.code:
        return "failed"
    if row.ended == ABSENT:
        return "absent"
    return "well" if row.ended == WELL else "silent"
