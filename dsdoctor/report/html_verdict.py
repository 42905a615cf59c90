"""The top of the page: the answer, before anything has to be scrolled."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Confidence, Finding, Report, Status, ranks_named
from dsdoctor.report.html_finding import badge, hosts_line, severity_badge
from dsdoctor.report.html_findings import at_top
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.wording import clipped

_STATUS = {
    Status.DIAGNOSED: ("✗", "failed", "bad"),
    Status.UNRECOGNISED: ("✗", "failed, cause unknown", "bad"),
    Status.PROBLEMS: ("✗", "problems", "bad"),
    Status.INCONCLUSIVE: ("?", "inconclusive", "warn"),
    Status.HEALTHY: ("✓", "healthy", "good"),
    Status.CLEAN: ("✓", "clean", "good"),
}
_SURE = {
    Confidence.CERTAIN: ("✓", "good"),
    Confidence.LIKELY: ("≈", "warn"),
    Confidence.POSSIBLE: ("?", "warn"),
}


def is_named(report: Report) -> bool:
    """Does the page begin with a root cause?"""
    return report.command in ("explain", "smoke") and report.verdict.root is not None


def title(report: Report) -> str:
    """What the browser's tab and a list of files show."""
    root = report.verdict.root
    name = f"{root.code} {root.title}" if root and is_named(report) else report.verdict.summary
    return clipped(f"{name} · dsdoctor {report.command}", 200)


def header(report: Report) -> Markup:
    """Status, verdict, where."""
    sign, word, kind = _STATUS[report.verdict.status]
    root = report.verdict.root if is_named(report) else None
    kicker = el("p", f"dsdoctor {report.command} ", badge(sign, word, kind), class_="kicker")
    return el("header", kicker, joined(_verdict(report, root)), class_=kind)


def _verdict(report: Report, root: Finding | None) -> Iterator[Markup]:
    if root is None:
        yield el("h1", report.verdict.summary.strip() or "Nothing to report")
        yield at_top(report)
        return
    if report.command == "smoke":
        yield el("h1", report.verdict.summary)
        yield el("p", el("span", root.code, class_="id"), " ", root.title)
    else:
        yield el("h1", el("span", root.code, class_="id"), " ", root.title)
    if report.verdict.status is Status.UNRECOGNISED:
        yield el("p", "Unknown cause: no rule explains this; here is where it began.")
    yield el("p", root.message, class_="lede")
    sure, kind = _SURE[root.confidence]
    marks = joined(badge(sure, root.confidence.value, kind), " ", severity_badge(root))
    yield el("p", joined(marks, *_where(report, root)), class_="facts")
    yield hosts_line(root.hosts)


def _where(report: Report, root: Finding) -> Iterator[str]:
    """Which ranks, how far they came, and how many were seen."""
    if root.ranks:
        word = "rank" if len(root.ranks) == 1 else "ranks"
        yield el("span", f"{word} {ranks_named(root.ranks)}")
    guilty = set(root.ranks)
    steps = {row.last_step for row in report.ranks if row.rank in guilty}
    if len(steps) == 1 and (step := steps.pop()) is not None:
        yield el("span", f"after step {step}")
    seen = report.coverage
    if seen.world_size and seen.ranks_seen:
        yield el("span", f"seen {len(seen.ranks_seen)} of {seen.world_size} ranks")
