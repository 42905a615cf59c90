"""Complaints in the words of their rules."""

from __future__ import annotations

from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.remedies import remedies_of
from dsdoctor.knowledge.rule import Rule
from dsdoctor.knowledge.template import fill
from dsdoctor.model import Finding, Role, Severity
from dsdoctor.probes.probe import Complaint


def finding_of(complaint: Complaint, pack: Pack) -> Finding:
    """The finding that tells of ``complaint``."""
    rule = pack[complaint.code]
    return Finding(
        code=rule.code,
        slug=rule.slug,
        title=rule.title,
        severity=complaint.severity or Severity(rule.severity),
        confidence=complaint.confidence,
        role=Role.CAUSE,
        message=fill(_template(rule), complaint.values),
        why=rule.why,
        evidence=complaint.evidence,
        remedies=remedies_of(rule, complaint.values),
    )


def _template(rule: Rule) -> str:
    return (rule.preflight.message if rule.preflight else "") or rule.message
