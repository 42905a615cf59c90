"""Bars of the memory that ranks held at their peak, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import SmokeRank, SmokeRun
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_picture import picture
from dsdoctor.report.smoke_figures import size
from dsdoctor.report.wording import clipped

LABEL, PLOT, WORDS, BAR = 150, 540, 230, 26
MAX_BARS = 24
_KINDS = (
    ("gpu_reserved", "reserved on the GPU", "outer"),
    ("gpu_allocated", "allocated on the GPU", "inner"),
)
_HOST = (("host_rss", "held in host memory", "outer"),)


def memory_bars(runs: Sequence[SmokeRun]) -> Markup:
    """A bar for each rank, those that held most first where there are too many."""
    pairs = [(run, rank) for run in runs for rank in run.ranks if _peak(rank)]
    if not pairs:
        return Markup()
    shown = sorted(pairs, key=lambda pair: -_peak(pair[1]))[:MAX_BARS]
    shown = [pair for pair in pairs if pair in shown]
    most = max(_peak(rank) for _, rank in shown)
    named = [(f"{run.name}, rank {rank.rank}", rank) for run, rank in shown]
    return picture(
        "memory",
        (LABEL + PLOT + WORDS, BAR * len(shown) + 8),
        (
            "Memory of each rank at its peak",
            "; ".join(f"{name}: {_words(rank)}" for name, rank in named),
        ),
        joined(_bar(name, rank, most, BAR * n + 4) for n, (name, rank) in enumerate(named)),
        _caption(shown[0][1], len(pairs) - len(shown)),
    )


def _caption(rank: SmokeRank, left: int) -> str:
    looks = {"outer": "whole bar", "inner": "dark part"}
    words = " and ".join(f"{name} ({looks[look]})" for _, name, look in _kinds(rank))
    return f"Memory {words}." + (f" {left} ranks that held less are left out." if left else "")


def _kinds(rank: SmokeRank) -> tuple[tuple[str, str, str], ...]:
    return _KINDS if rank.memory.get("gpu_reserved") else _HOST


def _peak(rank: SmokeRank) -> int:
    return rank.memory.get(_kinds(rank)[0][0]) or 0


def _words(rank: SmokeRank) -> str:
    values = [rank.memory.get(name) for name, _, _ in _kinds(rank)]
    return " / ".join(size(value) for value in values if value)


def _bar(name: str, rank: SmokeRank, most: int, top: int) -> Iterator[Markup]:
    """Name, bars one in the other, figures."""
    yield el("text", clipped(name, 22), x=LABEL - 10, y=top + 15, text_anchor="end")
    for key, _, look in _kinds(rank):
        inset = 4 if look == "inner" else 0
        width = max(1.0, PLOT * (rank.memory.get(key) or 0) / most)
        yield el(
            "rect",
            x=LABEL,
            y=top + 2 + inset,
            width=round(width, 1),
            height=18 - 2 * inset,
            rx=2,
            class_=look,
        )
    end = LABEL + PLOT * _peak(rank) / most + 10
    yield el("text", _words(rank), x=round(end, 1), y=top + 15)
