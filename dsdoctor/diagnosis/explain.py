"""From what was read to the report. The order of the steps is the method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.diagnosis.argument import argument_for
from dsdoctor.diagnosis.clues import Clues
from dsdoctor.diagnosis.collect import collect_next
from dsdoctor.diagnosis.coverage import coverage_of
from dsdoctor.diagnosis.endings import Ending, ending_of
from dsdoctor.diagnosis.findings import finding_of, with_direct_effects
from dsdoctor.diagnosis.grouping import Group, grouped
from dsdoctor.diagnosis.guilty_rank import is_nameless, with_guilty_rank
from dsdoctor.diagnosis.incidents import Incident, incidents_of
from dsdoctor.diagnosis.judge import Judgement, judge
from dsdoctor.diagnosis.material import Material
from dsdoctor.diagnosis.nccl import nccl_findings, nccl_lines, nccl_table
from dsdoctor.diagnosis.ordering import in_order
from dsdoctor.diagnosis.rank_table import rank_table
from dsdoctor.diagnosis.ranks import RankMap, rank_map
from dsdoctor.diagnosis.recorder_findings import recorder_findings, recorder_notes
from dsdoctor.diagnosis.restarts import last_starts
from dsdoctor.diagnosis.screening import is_noise, is_over
from dsdoctor.diagnosis.skew import skew_of
from dsdoctor.diagnosis.stacks import stack_findings
from dsdoctor.diagnosis.timeline import timeline_of
from dsdoctor.diagnosis.verdict import Case, verdict_of
from dsdoctor.diagnosis.versions import versions_of
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Confidence, Finding, Report, Role, Verdict


def explain(
    material: Material, pack: Pack, seconds: float = 0.0, notes: Sequence[str] = ()
) -> Report:
    """Say what happened to the job.

    Args:
        material: what was read about it.
        pack: the rules the logs were read with.
        seconds: how long the reading took, for the report.
        notes: what was passed over before the reading.
    """
    logs, restarts = last_starts(material.records)
    records = [*logs, *material.heard]
    ranks = rank_map(records)
    skew = skew_of(records)
    incidents = in_order(incidents_of(records, pack), records, ranks, skew.seconds)
    ending = ending_of(logs or records, ranks)
    groups, judgement = _judged(incidents, records, ending)
    findings = _findings(groups, judgement)
    clues = Clues(judgement, tuple(groups), ranks, tuple(records))
    if judgement.root is not None:
        root = with_guilty_rank(findings[0], clues)
        findings[0] = with_direct_effects(root, groups)
    seen = [] if ending.well else _testimony(material, ranks, pack)
    case = Case(judgement, tuple(groups), ending, ranks, tuple(records), tuple(seen), pack)
    verdict = _argued(verdict_of(findings, case), judgement, groups)
    table = nccl_table(records)
    seen = [item for item in seen if verdict.root is None or item.code != verdict.root.code]
    findings += [*seen, *nccl_findings(table, pack), *material.findings]
    more = recorder_notes(material.dumps, ranks.size) if material.dumps else []
    notes = [*notes, *material.notes, *restarts, *skew.notes, *more]
    return Report(
        verdict=verdict,
        findings=_with_root(verdict.root, findings),
        timeline=timeline_of(groups, ending),
        coverage=coverage_of(records, incidents, ranks, seconds, notes),
        ranks=rank_table(groups, judgement, ranks, records),
        network=tuple(nccl_lines(table)),
        collect=collect_next(
            verdict.status, verdict.root, nameless=is_nameless(verdict.root, clues)
        ),
        versions=versions_of(records),
    )


def _argued(verdict: Verdict, judgement: Judgement, groups: Sequence[Group]) -> Verdict:
    """The verdict with the reason for its confidence."""
    if verdict.root is None:
        return verdict
    reason = argument_for(verdict.root, judgement, groups)
    return replace(verdict, root=replace(verdict.root, argument=reason))


def _judged(
    incidents: Sequence[Incident], records: Sequence[LogRecord], ending: Ending
) -> tuple[list[Group], Judgement]:
    """The groups that count, and what they are to each other."""
    every = [group for group in grouped(incidents) if not is_noise(group, records)]
    groups = [group for group in every if not is_over(group, records, ending)]
    judgement = judge(groups)
    if judgement.root is None and groups and not ending.well:
        # it failed after all: what looked survived is better than nothing
        return every, judge(every)
    return groups, judgement


def _testimony(material: Material, ranks: RankMap, pack: Pack) -> list[Finding]:
    """What flight recorders and stacks say about a job that did not end well."""
    seen = recorder_findings(material.dumps, ranks.size, pack) if material.dumps else []
    return [*seen, *(stack_findings(material.stacks, ranks, pack) if material.stacks else [])]


def _findings(groups: Sequence[Group], judgement: Judgement) -> list[Finding]:
    """One finding a group: the root first, then other causes, consequences, context."""
    root = judgement.root
    result = []
    for group in groups:
        role = judgement.roles[id(group)]
        caused_by = root.rule.code if root and role is Role.CONSEQUENCE else None
        sure = judgement.confidence if group is root else _confidence(role, root)
        result.append((group is not root, role.name, finding_of(group, role, sure, caused_by)))
    order = {"CAUSE": 0, "CONSEQUENCE": 1, "CONTEXT": 2}
    return [item for *_, item in sorted(result, key=lambda item: (item[0], order[item[1]]))]


def _confidence(role: Role, root: Group | None) -> Confidence:
    """How sure we are of the part that a finding other than the root plays."""
    return Confidence.POSSIBLE if role is Role.CAUSE or root is None else Confidence.LIKELY


def _with_root(root: Finding | None, findings: list[Finding]) -> tuple[Finding, ...]:
    """The root in front. One that the engine deduced explains what looked like the root."""
    if root is None:
        return tuple(findings)
    if findings and findings[0].role is Role.CAUSE and findings[0].code == root.code:
        return (root, *findings[1:])
    if findings and findings[0].role is Role.CAUSE:
        first = replace(findings[0], role=Role.CONSEQUENCE, caused_by=root.code)
        return (root, first, *findings[1:])
    return (root, *findings)
