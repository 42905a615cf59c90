"""SARIF 2.1.0, within what GitHub's code scanning takes.

Consequences are folded into the result of their cause as related locations. Every result has a
location, for GitHub refuses a file in which one has none.
"""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import Any

from dsdoctor import __version__
from dsdoctor.model import Finding, Report, Severity, ranks_named
from dsdoctor.report.ci_commands import disarmed_json
from dsdoctor.report.fingerprints import with_fingerprints
from dsdoctor.report.folding import Folded, folded
from dsdoctor.report.names import ranks_and_hosts
from dsdoctor.report.places import place_of
from dsdoctor.report.sarif_places import location, place_of_evidence
from dsdoctor.report.sarif_rules import rule, sentence
from dsdoctor.report.wording import one_line

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MAX_RESULTS = 5000
"""GitHub shows this many of a run."""
MAX_RELATED = 99
"""With the place itself, the hundred locations that GitHub shows of a result."""
MAX_HOSTS = 100
_LEVELS = {
    Severity.FATAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def render(report: Report) -> str:
    """One run. Its id tells the commands apart, so that one upload does not close the other's."""
    items = folded(report)
    shown = items[:MAX_RESULTS]
    first = {item.finding.code: item.finding for item in reversed(shown)}
    codes = {code: number for number, code in enumerate(sorted(first))}
    driver = {
        "name": "dsdoctor",
        "version": __version__,
        "rules": [rule(first[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"dsdoctor-{report.command}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, len(items) - len(shown))],
        "results": [
            _result(item, mark, codes[item.finding.code], report.command)
            for item, mark in with_fingerprints(shown, report.command)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return disarmed_json(json.dumps(log, indent=2)) + "\n"


def _result(item: Folded, fingerprint: str, index: int, command: str) -> dict[str, Any]:
    finding = item.finding
    place = place_of(finding, command)
    snippet = next((one.text for one in finding.evidence if one.line == place.line > 0), "")
    return {
        "ruleId": one_line(finding.code),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [location(place, snippet)],
        "relatedLocations": _related(item, command),
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        "properties": _properties(finding),
    }


def _message(finding: Finding) -> str:
    who = ranks_and_hosts(finding)
    return sentence(f"{finding.message} ({who})" if who else finding.message) or finding.code


def _related(item: Folded, command: str) -> list[dict[str, Any]]:
    """Further evidence, then what followed."""
    main = place_of(item.finding, command)
    evidence = ((place_of_evidence(one), one.text) for one in item.finding.evidence)
    own = (pair for pair in evidence if pair[0] != main)
    fallout = ((place_of(one, command), one.title) for one in item.followed)
    said = ((place, sentence(text) or "evidence") for place, text in chain(own, fallout))
    unlike = dict.fromkeys(said)  # the schema wants no two alike
    return [location(place, message=text) for place, text in islice(unlike, MAX_RELATED)]


def _properties(finding: Finding) -> dict[str, Any]:
    return {
        "confidence": finding.confidence.value,
        "role": finding.role.value,
        "ranks": ranks_named(finding.ranks),
        "hosts": [one_line(host, 255) for host in finding.hosts[:MAX_HOSTS]],
        "count": finding.count,
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    notes = [*report.coverage.notes[:100]]
    if left_out:
        notes.append(f"{left_out} less severe results are left out")
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": sentence(note) or "note"}} for note in notes
        ],
    }
