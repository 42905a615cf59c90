"""GitHub Actions: an annotation for each finding, as workflow commands on standard output.

GitHub shows ten annotations of each level and step and drops the rest, so the last one that fits
says how many more there are. The job summary is the Markdown report.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Finding, Report, Severity
from dsdoctor.report.fixes import fix_lines
from dsdoctor.report.folding import Folded, folded
from dsdoctor.report.lines import as_plain
from dsdoctor.report.names import ranks_and_hosts
from dsdoctor.report.places import place_of
from dsdoctor.report.wording import clipped, line_count, one_line

MOST_OF_A_LEVEL = 10
MAX_TITLE = 200
MAX_TEXT = 4000
WIDTH = 100
_LEVELS = {
    Severity.FATAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def render(report: Report) -> str:
    """One line an annotation. A report without findings gets one that says so."""
    by_level: dict[str, list[Folded]] = {"error": [], "warning": [], "notice": []}
    for item in folded(report):
        by_level[_LEVELS[item.finding.severity]].append(item)
    lines = [line for level, items in by_level.items() for line in _level(level, items, report)]
    if not lines:
        lines = [command("notice", _title(report), one_line(report.verdict.summary, MAX_TEXT))]
    return "\n".join(lines) + "\n"


def command(level: str, properties: dict[str, str], text: str) -> str:
    """A workflow command. Only ``text`` may hold line feeds."""
    named = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level}{' ' if named else ''}{named}::{_data(text)}"


def _level(level: str, items: list[Folded], report: Report) -> Iterator[str]:
    shown = items if len(items) <= MOST_OF_A_LEVEL else items[: MOST_OF_A_LEVEL - 1]
    for item in shown:
        yield command(level, _properties(item.finding, report), _text(item))
    if more := len(items) - len(shown):
        yield command(level, _title(report), f"{more} more of this level: see the job summary")


def _properties(finding: Finding, report: Report) -> dict[str, str]:
    place = place_of(finding, report.command)
    where = {"file": place.path, "line": str(place.line or "")} if place.is_file else {}
    return where | {"title": one_line(f"{finding.code} {finding.title}", MAX_TITLE)}


def _title(report: Report) -> dict[str, str]:
    return {"title": f"dsdoctor {report.command}"}


def _text(item: Folded) -> str:
    """What happened, who, what followed, and the ways out."""
    finding = item.finding
    who = one_line(ranks_and_hosts(finding))
    lines = [one_line(finding.message, 2000) + (f" ({who})" if who else "")]
    if item.followed:
        then = "; ".join(f"{one.title} ({line_count(one)})" for one in item.followed)
        lines.append(f"then: {one_line(then)}")
    fixes = as_plain(fix_lines(finding, WIDTH, prove=False)).rstrip()
    return clipped("\n".join([*lines, *([fixes] if fixes else [])]), MAX_TEXT)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
