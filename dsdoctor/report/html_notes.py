"""What to collect next time, and what was looked at and, above all, what was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Report, ranks_named
from dsdoctor.report.html_code import to_copy
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_page import Section

MAX_NOTES = 200


def collect_section(report: Report) -> Section:
    """Said only where the verdict is open."""
    body = el("ul", (el("li", item) for item in report.collect)) if report.collect else Markup()
    return Section("collect", "To be certain, collect next time", body, "Collect")


def seen_section(report: Report) -> Section:
    """How much was read, and what is missing."""
    missing = report.coverage.ranks_missing
    amounts = list(_amounts(report))
    parts = [
        el("p", f"No line of rank {ranks_named(missing)} in these logs.", class_="warn")
        if missing
        else "",
        _list(report.coverage.notes),
        el("dl", amounts) if amounts else "",
        _network(report.network),
    ]
    return Section("seen", "What was looked at", joined(parts), "Looked at")


def _amounts(report: Report) -> Iterator[Markup]:
    seen = report.coverage
    hosts = {item.host for item in report.probes if item.host}
    named = {
        "Ranks": f"{len(seen.ranks_seen)} of {seen.world_size}"
        if seen.world_size and seen.ranks_seen
        else "",
        "Files": f"{seen.files:,}" if seen.files else "",
        "Lines": f"{seen.lines:,}" if seen.lines else "",
        "Bytes": f"{seen.bytes:,}" if seen.bytes else "",
        "Hosts": f"{len(hosts):,}" if hosts else "",
        "Probes": f"{len(report.probes):,}" if report.probes else "",
        "Time taken": f"{seen.seconds:.2f} s" if seen.seconds else "",
        **report.versions,
    }
    for name, text in named.items():
        if text:
            yield joined(el("dt", name), el("dd", text))


def _list(notes: Sequence[str]) -> Markup:
    if not notes:
        return Markup()
    more = [f"and {len(notes) - MAX_NOTES} more"] if len(notes) > MAX_NOTES else []
    return el("ul", (el("li", note) for note in (*notes[:MAX_NOTES], *more)))


def _network(lines: Sequence[str]) -> Markup:
    """NCCL's own account of the network, folded away."""
    if not lines:
        return Markup()
    return el("details", el("summary", "The network as NCCL saw it"), to_copy(lines, "network"))
