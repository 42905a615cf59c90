"""Writes findings: the rule's words, filled with what was read from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dsdoctor.diagnosis.frames import user_frame
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import Incident
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.remedies import remedies_of
from dsdoctor.knowledge.rule import Rule
from dsdoctor.knowledge.template import fill
from dsdoctor.model import (
    Confidence,
    Evidence,
    ExceptionLink,
    Finding,
    Role,
    Severity,
    ranks_named,
)

MAX_EVIDENCE = 4


def finding_of(group: Group, role: Role, confidence: Confidence, caused_by: str | None) -> Finding:
    """The finding that tells of ``group``."""
    rule, first = group.rule, group.first
    values = _values(group)
    return Finding(
        code=rule.code,
        slug=rule.slug,
        title=rule.title,
        severity=Severity(rule.severity),
        confidence=confidence,
        role=role,
        message=fill(rule.message, values),
        why=rule.why,
        evidence=_evidence(group),
        ranks=group.ranks,
        hosts=group.hosts,
        remedies=remedies_of(rule, values),
        caused_by=caused_by,
        count=group.count,
        user_frame=_place(first.link) if _has_user_frame(first) else "",
    )


def with_direct_effects(root: Finding, groups: Sequence[Group]) -> Finding:
    """The root with a line of each thing that its rule is known to lead to.

    The kernel's line says why a process was killed, the launcher's that it was: both are evidence.
    """
    effects = [
        Evidence(group.first.source, group.first.line, group.first.text)
        for group in groups
        if root.code in group.rule.consequence_of
    ]
    return replace(root, evidence=(*root.evidence, *effects[:2]))


def finding_from_rule(
    rule: Rule,
    *,
    confidence: Confidence,
    values: Mapping[str, str],
    evidence: Sequence[Evidence],
    ranks: Sequence[int] = (),
) -> Finding:
    """A finding of the engine itself, which no single line tells."""
    return Finding(
        code=rule.code,
        slug=rule.slug,
        title=rule.title,
        severity=Severity(rule.severity),
        confidence=confidence,
        role=Role.CAUSE,
        message=fill(rule.message, values),
        why=rule.why,
        evidence=tuple(evidence),
        ranks=tuple(ranks),
        remedies=remedies_of(rule, values),
    )


def engine_finding(
    pack: Pack,
    code: str,
    confidence: Confidence,
    values: Mapping[str, str],
    evidence: Sequence[Evidence],
    ranks: Sequence[int] = (),
) -> Finding | None:
    """The finding of rule ``code`` if the pack has it; empty values count as unknown."""
    if code not in pack:
        return None
    known = {name: value for name, value in values.items() if value}
    return finding_from_rule(
        pack[code],
        confidence=confidence,
        values=known,
        evidence=evidence[:MAX_EVIDENCE],
        ranks=ranks,
    )


def _values(group: Group) -> dict[str, str]:
    """All that a message may mention."""
    first = group.first
    origin = first.origin
    known = {
        "rank": origin.rank,
        "local_rank": origin.local_rank,
        "host": origin.host,
        "pid": origin.pid,
        "ranks": ranks_named(group.ranks) or None,
        "count": group.count,
        "place": _place(first.link).partition(" → ")[0] or None,
    }
    values = {name: str(value) for name, value in known.items() if value is not None}
    return values | dict(first.fields)


def _place(link: ExceptionLink | None) -> str:
    """The user's innermost frame (else the innermost) as ``file:line in function → code``."""
    if link is None or not link.frames:
        return ""
    frame = user_frame(link) or link.frames[-1]
    name = f" in {frame.function}" if frame.function else ""
    code = f" → {frame.code}" if frame.code else ""
    return f"{frame.file}:{frame.line}{name}{code}"


def _has_user_frame(incident: Incident) -> bool:
    return incident.link is not None and user_frame(incident.link) is not None


def _evidence(group: Group) -> tuple[Evidence, ...]:
    """The lines that prove it: the first incident's, those of other ranks, the user's frame."""
    seen: dict[tuple[str, int], Evidence] = {}
    for incident in group.incidents:
        for evidence in _lines_of(incident):
            seen.setdefault((evidence.file, evidence.line), evidence)
    frame = user_frame(group.first.link) if group.first.link else None
    last = MAX_EVIDENCE - bool(frame)
    shown = list(seen.values())[:last]
    if frame:
        text = f'File "{frame.file}", line {frame.line}, in {frame.function}: {frame.code}'
        shown.append(Evidence(group.first.source, frame.log_line, text))
    return tuple(shown)


def _lines_of(incident: Incident) -> list[Evidence]:
    """The line of the match, then the exception lines of its chain where those are others."""
    lines = [Evidence(incident.source, incident.line, incident.text)]
    for link in sorted(incident.chain, key=lambda link: link is not incident.link):
        if link.exception and link.exception_line != incident.line:
            first = link.message.splitlines()[0] if link.message else ""
            text = f"{link.exception}: {first}" if first else link.exception
            lines.append(Evidence(incident.source, link.exception_line, text))
    return lines
