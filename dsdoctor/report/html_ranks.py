"""All ranks: who ended when and how. A picture of kinds, a picture in time, and the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import RankRow, Report, ranks_named
from dsdoctor.report.html_axis import axis_of
from dsdoctor.report.html_endings import Ended, alike, endings
from dsdoctor.report.html_lanes import lanes
from dsdoctor.report.html_map import rank_map
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_page import Section
from dsdoctor.report.html_signs import legend
from dsdoctor.report.wording import clipped

FEW = 24
"""Ranks that have a lane each; more are shown on a map as well."""
MAX_ROWS = 4_096
MAX_GROUPS = 40
MAX_ON_PAPER = 64
"""Ranks that are printed one by one; of more only the groups are."""


def ranks_section(report: Report) -> Section:
    """Nothing where the log tells of no rank by number."""
    if not report.ranks:
        return Section("ranks", "Ranks", Markup())
    ends = endings(report)
    groups = alike(ends)
    parts = [
        legend(group.kind for group in groups),
        rank_map(ends) if len(ends) > FEW else "",
        lanes(report, axis_of(report, ends), ends if len(ends) <= FEW else groups),
        _summary(groups),
        _table(ends),
    ]
    return Section("ranks", f"How the {len(report.ranks)} ranks ended", joined(parts), "Ranks")


def _summary(groups: Sequence[Ended]) -> Markup:
    """One row for each kind of ending."""
    rows = [el("tr", _group(group)) for group in groups[:MAX_GROUPS]]
    if (more := len(groups) - MAX_GROUPS) > 0:
        rows.append(el("tr", el("td", f"and {more} more kinds of ending", colspan=5)))
    return table(
        "Ranks that ended alike", ("Ranks", "How many", "Hosts", "Ended", "Last step"), rows
    )


def _group(group: Ended) -> Iterator[Markup]:
    hosts = list(dict.fromkeys(row.host for row in group.rows if row.host))
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    code = el("span", group.code, class_="id") if group.code else ""
    yield el("th", ranks_named([row.rank for row in group.rows]), scope="row")
    yield el("td", str(len(group.rows)), class_="figure")
    yield el("td", ", ".join(hosts[:3]) + more or "–")
    yield el("td", group.words, " ", code)
    yield el("td", _steps(group.rows), class_="figure")


def _steps(rows: Sequence[RankRow]) -> str:
    steps = {row.last_step for row in rows if row.last_step is not None}
    if not steps:
        return "–"
    return f"{min(steps)}" if len(steps) == 1 else f"{min(steps)}–{max(steps)}"


def _table(ends: Sequence[Ended]) -> Markup:
    """Every rank, folded away."""
    rows = [el("tr", _cells(ended)) for ended in ends[:MAX_ROWS]]
    if len(ends) > MAX_ROWS:
        left = len(ends) - MAX_ROWS
        rows.append(el("tr", el("td", f"and {left} more ranks", colspan=6)))
    names = ("Rank", "Host", "Ended", "Last step", "Time", "Last line")
    whole = table("Every rank, in order", names, rows)
    long = "long" if len(ends) > MAX_ON_PAPER else None
    return el("details", el("summary", "Every rank"), whole, class_=long)


def _cells(ended: Ended) -> Iterator[Markup]:
    row = ended.rows[0]
    yield el("th", str(row.rank), scope="row")
    yield el("td", row.host or "–", class_="short")
    yield el("td", clipped(ended.words, 200), f" {ended.code}" if ended.code else "")
    yield el("td", "–" if row.last_step is None else str(row.last_step), class_="figure")
    yield el("td", f"{row.time:%H:%M:%S}" if row.time else "–", class_="figure")
    yield el("td", f"{row.file}:{row.last_line}" if row.last_line else "–")


def table(caption: str, names: Sequence[str], rows: Sequence[Markup]) -> Markup:
    """A table that scrolls by itself where the page is narrow."""
    head = el("thead", el("tr", (el("th", name, scope="col") for name in names)))
    whole = el("table", el("caption", caption, class_="unseen"), head, el("tbody", rows))
    return el("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)
