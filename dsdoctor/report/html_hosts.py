"""The hosts side by side: what most of them have, and which have something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import ProbeResult
from dsdoctor.probes.hosts.differences import Comparison, comparisons
from dsdoctor.report.html_finding import badge
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_page import Section
from dsdoctor.report.html_probes import hosts_named
from dsdoctor.report.html_ranks import table
from dsdoctor.report.wording import clipped

NAMES = ("Result", "What", "Most hosts have", "Other hosts")
MAX_VALUES = 12
MAX_VALUE = 120


def hosts_section(results: Sequence[ProbeResult]) -> Section:
    """Nothing where there is only one host."""
    hosts: dict[str, dict[str, ProbeResult]] = {}
    for result in results:
        if result.host:
            hosts.setdefault(result.host, {})[result.probe] = result
    rows = sorted(comparisons(hosts), key=lambda one: not one.odd) if len(hosts) > 1 else []
    if not rows:
        return Section("hosts", "The hosts compared", Markup())
    odd, alike = [row for row in rows if row.odd], [row for row in rows if not row.odd]
    parts = [table("Where hosts differ", NAMES, [el("tr", _cells(row)) for row in odd])]
    if alike:
        same = table("What all hosts share", NAMES, [el("tr", _cells(row)) for row in alike])
        parts.append(el("details", el("summary", f"The same on all: {len(alike)}"), same))
    if not odd:
        parts[0] = el("p", f"{len(hosts)} hosts, no difference in {len(alike)} things compared.")
    return Section("hosts", f"{len(hosts)} hosts compared", joined(parts), "Hosts")


def _cells(row: Comparison) -> Iterator[Markup]:
    yield el("td", badge("≠", "differs", "warn") if row.odd else badge("=", "same", "good"))
    yield el("th", row.row.name, scope="row")
    count = len(row.values) - len(row.odd)
    yield el("td", clipped(row.usual, MAX_VALUE), el("span", f" ({count} hosts)", class_="muted"))
    yield el("td", _others(row))


def _others(row: Comparison) -> Markup:
    having: dict[str, list[str]] = {}
    for host in row.odd:
        having.setdefault(row.values[host], []).append(host)
    if not having:
        return joined("–")
    items = [
        el("li", el("strong", hosts_named(hosts)), f": {clipped(value, MAX_VALUE)}")
        for value, hosts in list(having.items())[:MAX_VALUES]
    ]
    if more := max(0, len(having) - MAX_VALUES):
        items.append(el("li", f"and {more} more values", class_="muted"))
    return el("ul", items, class_="plain")
