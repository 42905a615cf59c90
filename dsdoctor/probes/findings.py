"""Complaints in the words of their rules."""

from __future__ import annotations

from dsdoctor.knowledge.findings import in_its_words
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.remedies import remedies_of
from dsdoctor.model import Finding
from dsdoctor.probes.probe import Complaint


def finding_of(complaint: Complaint, pack: Pack) -> Finding:
    """The finding that tells of ``complaint``."""
    rule = pack[complaint.code]
    return in_its_words(
        rule,
        rule.preflight.message if rule.preflight else "",
        complaint.values,
        severity=complaint.severity,
        confidence=complaint.confidence,
        evidence=complaint.evidence,
        remedies=remedies_of(rule, complaint.values),
    )
