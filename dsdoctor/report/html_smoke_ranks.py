"""The ranks of a smoke run in figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from statistics import median

from dsdoctor.model import SmokeRank, SmokeRun
from dsdoctor.report.html_markup import Markup, el
from dsdoctor.report.html_ranks import table
from dsdoctor.report.smoke_figures import size

NAMES = ("Run", "Rank", "Host", "Steps", "Last phase", "First loss", "Last loss", "Step", "Memory")
MAX_ROWS = 1_024


def ranks_table(runs: Sequence[SmokeRun]) -> Markup:
    """A row for each rank of each run, folded away where there are many."""
    pairs = [(run, rank) for run in runs for rank in run.ranks]
    if not pairs:
        return Markup()
    rows = [el("tr", _cells(run, rank)) for run, rank in pairs[:MAX_ROWS]]
    if len(pairs) > MAX_ROWS:
        rows.append(el("tr", el("td", f"and {len(pairs) - MAX_ROWS} more", colspan=len(NAMES))))
    whole = table("Ranks of the runs", NAMES, rows)
    if len(pairs) <= 16:
        return whole
    return el("details", el("summary", f"{len(pairs)} ranks"), whole)


def _cells(run: SmokeRun, rank: SmokeRank) -> Iterator[Markup]:
    yield el("td", run.name)
    yield el("th", str(rank.rank), scope="row")
    yield el("td", rank.host or "–")
    yield el("td", str(rank.steps), class_="figure")
    yield el("td", rank.phase or "–")
    yield el("td", _loss(rank.losses[:1]), class_="figure")
    yield el("td", _loss(rank.losses[-1:]), class_="figure")
    yield el("td", _step(rank.seconds), class_="figure")
    peak = rank.memory.get("gpu_reserved") or rank.memory.get("host_rss")
    yield el("td", size(peak) if peak else "–", class_="figure")


def _loss(losses: Sequence[float]) -> str:
    if not losses:
        return "–"
    return f"{losses[0]:.4f}" if isfinite(losses[0]) else "not finite"


def _step(seconds: Sequence[float]) -> str:
    """The median; the first step, which warms up, does not count."""
    return f"{median(seconds[1:] or seconds) * 1000:.0f} ms" if seconds else "–"
