"""The findings of a report, worst first, and the short list of them at the top of the page."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.model import Finding, Report, Severity
from dsdoctor.report.folding import Folded, folded
from dsdoctor.report.html_finding import anchor, article, severity_badge
from dsdoctor.report.html_markup import Markup, el, joined

MAX_FULL = 60
"""Findings told in full; there is a line for each of the others."""
MAX_LISTED = 2_000
MAX_AT_TOP = 8


def by_weight(report: Report) -> list[Folded]:
    """The root, then by severity; nothing stands in where there is no finding."""
    known = {id(finding) for finding in (report.verdict.root, *report.findings)}
    return [item for item in folded(report) if id(item.finding) in known]


def findings(report: Report, items: Sequence[Folded]) -> Markup:
    """Each with all that belongs to it; remarks of no weight are folded away."""
    full = [
        article(item.finding, item.followed, report.excerpts, number)
        for number, item in enumerate(items[:MAX_FULL], 1)
    ]
    weighty = sum(_is_weighty(item.finding) for item in items[:MAX_FULL])
    parts = full[:weighty]
    if remarks := full[weighty:]:
        parts.append(_fold(f"Good to know: {len(remarks)}", remarks))
    if rest := items[MAX_FULL:]:
        lines = [el("li", _line(item.finding)) for item in rest[:MAX_LISTED]]
        parts.append(_fold(f"{len(rest)} more", [el("ul", lines)]))
    return joined(parts)


def at_top(report: Report) -> Markup:
    """The names of the gravest, as links."""
    items = [item.finding for item in by_weight(report)[:MAX_AT_TOP] if _is_weighty(item.finding)]
    links = [
        el("li", severity_badge(one, plain=True), " ", el("a", _name(one), href=f"#{anchor(n)}"))
        for n, one in enumerate(items, 1)
    ]
    return el("ul", links, class_="plain top") if links else Markup()


def _is_weighty(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO


def _fold(summary: str, parts: Sequence[Markup]) -> Markup:
    return el("details", el("summary", summary), parts)


def _name(finding: Finding) -> Markup:
    return joined(el("span", finding.code, class_="id"), f" {finding.title}")


def _line(finding: Finding) -> Markup:
    return joined(_name(finding), f": {finding.message[:300]}")
