"""One HTML file that can be sent to a colleague: nothing in it is loaded from elsewhere.

The order is that of reading: verdict, evidence, why, what to do, who ended how, the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Report
from dsdoctor.report.ci_commands import disarmed_xml
from dsdoctor.report.html_finding import root_sections
from dsdoctor.report.html_findings import by_weight, findings
from dsdoctor.report.html_fixes import changes_of
from dsdoctor.report.html_hosts import hosts_section
from dsdoctor.report.html_notes import collect_section, seen_section
from dsdoctor.report.html_page import Section, page
from dsdoctor.report.html_probes import probes_section
from dsdoctor.report.html_ranks import ranks_section
from dsdoctor.report.html_smoke import smoke_sections
from dsdoctor.report.html_story import story_section
from dsdoctor.report.html_verdict import header, is_named, title


def render(report: Report) -> str:
    """The whole page."""
    return disarmed_xml(page(title(report), header(report), list(_sections(report))))


def _sections(report: Report) -> Iterator[Section]:
    yield from smoke_sections(report.smoke)
    root = by_weight(report)[:1] if is_named(report) else []
    for item in root:
        yield from root_sections(item.finding, item.followed, report.excerpts)
    yield Section("diff", "The repair", changes_of(report.changes), "Repair")
    name = "Also found" if root else "Findings"
    others = Section("findings", name, findings(report, by_weight(report)[len(root) :]))
    if not root:
        yield others
    yield ranks_section(report)
    yield story_section(report)
    if root:
        yield others
    yield hosts_section(report.probes)
    yield probes_section(report.probes)
    yield collect_section(report)
    yield seen_section(report)
