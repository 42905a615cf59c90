"""Which rank never came, and which ranks were in different collectives."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis.collectives import (
    GroupState,
    RankState,
    group_states,
    is_whole_job,
    meaning_of,
    names_of,
)
from dsdoctor.diagnosis.findings import engine_finding
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import Incident
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Confidence, Evidence, Finding, Role, ranks_named

NEVER_CAME = "DSN010"
MISMATCH = "DSN008"


def absent_rank(
    pack: Pack,
    judgement: Judgement,
    groups: Sequence[Group],
    ranks: RankMap,
    records: Sequence[LogRecord],
) -> Finding | None:
    """Explain a timeout by the ranks that were elsewhere.

    Only for timeouts whose rule says that a missing rank explains them.
    """
    root = judgement.root
    if root is None or NEVER_CAME not in root.rule.consequence_of:
        return None
    states = group_states(groups)
    for state in states:
        if pair := state.mismatch():
            return _mismatch(pack, state, *pair)
    for state in states:
        if state.waiting and (behind := state.behind()):
            return _behind(pack, state, behind)
    if states and not any(is_whole_job(state) and state.waiting for state in states):
        return None
    return _silent(pack, judgement, groups, ranks, records)


def _mismatch(pack: Pack, group: GroupState, one: RankState, other: RankState) -> Finding | None:
    """Two ranks reached the same number with different collectives."""
    shown = [_evidence(item.waiting) for item in (one, other) if item.waiting]
    values = {
        "one": str(one.rank),
        "op": one.op,
        "other": str(other.rank),
        "other_op": other.op,
        "difference": f"number of elements, {one.numel} and {other.numel}"
        if one.op == other.op
        else "",
    }
    ranks = [state.rank for state in group.waiting]
    return engine_finding(pack, MISMATCH, Confidence.LIKELY, values, shown, ranks)


def _behind(pack: Pack, group: GroupState, behind: list[RankState]) -> Finding | None:
    """Some ranks had nothing under way: they never entered what the others wait in."""
    first = group.waiting[0]
    shown = [_evidence(item.witness) for item in behind if item.witness][:2]
    shown += [_evidence(first.waiting)] if first.waiting else []
    values = {
        "ranks": ranks_named(names_of(behind)),
        "waiting": ranks_named(names_of(group.waiting)),
        "op": first.op,
        "seq": str(first.seq or ""),
        "meaning": meaning_of(first.op),
    }
    return engine_finding(pack, NEVER_CAME, Confidence.LIKELY, values, shown, names_of(behind))


def _silent(
    pack: Pack,
    judgement: Judgement,
    groups: Sequence[Group],
    ranks: RankMap,
    records: Sequence[LogRecord],
) -> Finding | None:
    """Some ranks timed out waiting, and the others of the job said nothing of the kind.

    Only if a minority is missing, and never certain: a rank may be missing because its lines are.
    """
    root = judgement.root
    if root is None or not root.ranks or not ranks.size:
        return None
    missing = sorted(set(range(ranks.size)) - complained(groups, judgement))
    if not missing or len(missing) > len(root.ranks):
        return None
    last = _last_words(records, missing)
    first = root.first
    values = {
        "ranks": ranks_named(missing),
        "waiting": ranks_named(root.ranks),
        "op": first.fields.get("op", ""),
        "seq": first.fields.get("seq", ""),
        "meaning": meaning_of(first.fields.get("op", "")),
    }
    sure = Confidence.LIKELY if last else Confidence.POSSIBLE
    return engine_finding(pack, NEVER_CAME, sure, values, [*last, _evidence(first)], missing)


def complained(groups: Sequence[Group], judgement: Judgement) -> set[int]:
    """The ranks that said themselves that something went wrong."""
    found = {
        item.origin.rank
        for group in groups
        if judgement.roles[id(group)] is not Role.CONTEXT
        for item in group.incidents
        if item.event is None or item.event.writer.rank is not None
    }
    return {rank for rank in found if rank is not None}


def _last_words(records: Sequence[LogRecord], missing: Sequence[int]) -> list[Evidence]:
    """The last line of each missing rank that is marked as its own."""
    last: dict[int, Evidence] = {}
    for record in records:
        for line in record.tail:
            rank = line.origin.rank
            if rank is not None and rank in missing and line.text.strip():
                last[rank] = Evidence(record.name, line.number, line.text)
    return [last[rank] for rank in sorted(last)][:3]


def _evidence(incident: Incident) -> Evidence:
    return Evidence(incident.source, incident.line, incident.text)
