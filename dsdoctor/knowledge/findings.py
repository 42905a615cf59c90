"""Findings that somebody else has made out, in the words of their rules."""

from __future__ import annotations

from collections.abc import Mapping

from dsdoctor.knowledge.rule import Rule
from dsdoctor.knowledge.template import fill
from dsdoctor.model import Confidence, Evidence, Finding, Remedy, Role, Severity


def in_its_words(
    rule: Rule,
    template: str,
    values: Mapping[str, str],
    *,
    severity: Severity | None,
    confidence: Confidence,
    evidence: tuple[Evidence, ...],
    remedies: tuple[Remedy, ...],
) -> Finding:
    """A finding of ``rule``; ``template``, if there is one, says it instead of its message."""
    return Finding(
        code=rule.code,
        slug=rule.slug,
        title=rule.title,
        severity=severity or Severity(rule.severity),
        confidence=confidence,
        role=Role.CAUSE,
        message=fill(template or rule.message, values),
        why=rule.why,
        evidence=evidence,
        remedies=remedies,
    )
