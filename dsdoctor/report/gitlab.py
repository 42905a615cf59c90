"""GitLab's code quality report: a JSON array that its merge requests show."""

from __future__ import annotations

import json
from typing import Any

from dsdoctor.model import Finding, Report, Severity
from dsdoctor.report.ci_commands import disarmed_json
from dsdoctor.report.fingerprints import with_fingerprints
from dsdoctor.report.folding import folded
from dsdoctor.report.places import place_of
from dsdoctor.report.wording import one_line

MAX_DESCRIPTION = 1000
_SEVERITY = {
    Severity.FATAL: "critical",
    Severity.ERROR: "major",
    Severity.WARNING: "minor",
    Severity.INFO: "info",
}


def render(report: Report) -> str:
    """The array, empty where nothing was found. GitLab reads no byte order mark; there is none."""
    items = with_fingerprints(folded(report), report.command)
    issues = [_issue(item.finding, mark, report.command) for item, mark in items]
    return disarmed_json(json.dumps(issues, indent=2)) + "\n"


def _issue(finding: Finding, fingerprint: str, command: str) -> dict[str, Any]:
    place = place_of(finding, command)
    return {
        "description": one_line(f"{finding.title}: {finding.message}", MAX_DESCRIPTION),
        "check_name": one_line(f"{finding.code} {finding.slug}"),
        "fingerprint": fingerprint,
        "severity": _SEVERITY[finding.severity],
        "location": {"path": place.path, "lines": {"begin": max(1, place.line)}},
    }
