"""``dsdoctor.report/1``: the JSON contract. Change it only by adding; see report-1.schema.json.

It is written out by hand, not dumped from the model: the model may change, this may not.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dsdoctor.model import (
    Change,
    Coverage,
    Finding,
    ProbeResult,
    RankRow,
    Remedy,
    Report,
    TimelineEntry,
)
from dsdoctor.report.ci_commands import disarmed_json
from dsdoctor.report.smoke_json import smoke_dict

SCHEMA = "dsdoctor.report/1"


def render(report: Report) -> str:
    """The report as JSON text, ending in a line feed. Control characters are escaped."""
    return disarmed_json(json.dumps(as_dict(report), indent=2, ensure_ascii=True)) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts and lists."""
    root = report.verdict.root
    return {
        "schema": SCHEMA,
        "command": report.command,
        "verdict": {
            "status": report.verdict.status.value,
            "summary": report.verdict.summary,
            "root": _finding(root) if root else None,
        },
        "findings": [_finding(finding) for finding in report.findings],
        "timeline": [_entry(entry) for entry in report.timeline],
        "coverage": _coverage(report.coverage),
        "ranks": [_row(row) for row in report.ranks],
        "network": list(report.network),
        "collect_next": list(report.collect),
        "versions": dict(report.versions),
        "changes": [_change(change) for change in report.changes],
        "probes": [_probe(probe) for probe in report.probes],
    } | ({"smoke": smoke_dict(report.smoke)} if report.smoke else {})


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "slug": finding.slug,
        "title": finding.title,
        "role": finding.role.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "why": finding.why,
        "ranks": list(finding.ranks),
        "hosts": list(finding.hosts),
        "evidence": [
            {"file": item.file, "line": item.line, "text": item.text}
            | ({"key": item.key} if item.key else {})
            for item in finding.evidence
        ],
        "remedies": [_remedy(remedy) for remedy in finding.remedies],
        "caused_by": finding.caused_by,
        "count": finding.count,
        "user_frame": finding.user_frame or None,
        "argument": finding.argument or None,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    result: dict[str, Any] = {"summary": remedy.summary, "kind": remedy.kind, "risk": remedy.risk}
    for name in ("config", "env"):
        if value := getattr(remedy, name):
            result[name] = dict(value)
    for name in ("command", "code", "confirm", "fix"):
        if value := getattr(remedy, name):
            result[name] = value
    return result


def _probe(probe: ProbeResult) -> dict[str, Any]:
    return {
        "probe": probe.probe,
        "host": probe.host or None,
        "outcome": probe.outcome.value,
        "summary": probe.summary,
        "findings": [_finding(finding) for finding in probe.findings],
        "facts": dict(probe.facts),
        "seconds": round(probe.seconds, 3),
        "note": probe.note or None,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "file": change.file,
        "applied": list(change.applied),
        "diff": change.diff,
        "written": change.written or None,
    }


def _row(row: RankRow) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "host": row.host,
        "last_step": row.last_step,
        "file": row.file or None,
        "last_line": row.last_line or None,
        "ended": row.ended or None,
        "code": row.code or None,
        "time": _time(row.time),
    }


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "file": entry.file,
        "line": entry.line,
        "text": entry.text,
        "rank": entry.rank,
        "host": entry.host,
        "time": _time(entry.time),
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "files": coverage.files,
        "lines": coverage.lines,
        "bytes": coverage.bytes,
        "seconds": round(coverage.seconds, 3),
        "world_size": coverage.world_size,
        "ranks_seen": list(coverage.ranks_seen),
        "ranks_missing": list(coverage.ranks_missing),
        "notes": list(coverage.notes),
    }


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
