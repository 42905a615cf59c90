"""The story moment by moment."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Report, TimelineEntry
from dsdoctor.report.html_evidence import place
from dsdoctor.report.html_markup import Markup, el
from dsdoctor.report.html_page import Section
from dsdoctor.report.html_ranks import table

NAMES = ("No.", "Time", "Who", "What", "Where")
MAX_MOMENTS = 200


def story_section(report: Report) -> Section:
    """A row for each moment, in order."""
    if not report.timeline:
        return Section("story", "The story", Markup())
    rows = [
        el("tr", _cells(number, entry))
        for number, entry in enumerate(report.timeline[:MAX_MOMENTS], 1)
    ]
    body = table("The story in order", NAMES, rows)
    return Section("story", "The story in order", body, "Story")


def _cells(number: int, entry: TimelineEntry) -> Iterator[Markup]:
    rank = f"rank {entry.rank}" if entry.rank is not None else ""
    who = " · ".join(filter(None, (rank, entry.host)))
    yield el("th", str(number), scope="row")
    yield el("td", f"{entry.time:%H:%M:%S}" if entry.time else "–", class_="figure")
    yield el("td", who or "–", class_="short")
    yield el("td", entry.text)
    yield el("td", place(entry.file, entry.line))
