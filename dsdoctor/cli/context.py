"""Adds to a report what only some formats show: the lines around its evidence."""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.logs.excerpts import excerpts_around
from dsdoctor.model import Report, Role


def with_excerpts(report: Report) -> Report:
    """The report with the lines around the evidence of its root and its other causes first."""
    root = [report.verdict.root] if report.verdict.root else []
    others = sorted(report.findings, key=lambda finding: finding.role is not Role.CAUSE)
    evidence = [item for finding in (*root, *others) for item in finding.evidence]
    return replace(report, excerpts=excerpts_around(evidence))
