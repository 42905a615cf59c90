"""The answer: the status, one sentence, and the root cause where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsdoctor.diagnosis import deductions
from dsdoctor.diagnosis.absence import NEVER_CAME, absent_rank
from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.frames import is_users
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import UNRECOGNISED
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Confidence, Finding, Role, Status, Verdict, ranks_named


@dataclass(frozen=True, slots=True)
class Case:
    """All that bears on the answer. ``seen`` is what other witnesses than logs deduce."""

    judgement: Judgement
    groups: tuple[Group, ...]
    ending: Ending
    ranks: RankMap
    records: tuple[LogRecord, ...]
    seen: tuple[Finding, ...]
    pack: Pack


def verdict_of(findings: Sequence[Finding], case: Case) -> Verdict:
    """Turn the judgement, the other witnesses and the ending into the answer."""
    judgement, groups, ending, ranks = case.judgement, case.groups, case.ending, case.ranks
    late = absent_rank(case.pack, judgement, groups, ranks, case.records)
    if witness := _strong(case):
        root = _with_lines(witness, late or next(iter(findings), None))
        return Verdict(Status.DIAGNOSED, root.message, root)
    if gone := deductions.left_early(case.pack, judgement, ranks, case.records, ending):
        return Verdict(Status.DIAGNOSED, gone.message, gone)
    if late:
        return Verdict(Status.DIAGNOSED, late.message, late)
    if judgement.root is not None:
        return _of_root(findings[0], judgement.root)
    return _without_root(case)


def _strong(case: Case) -> Finding | None:
    """What recorders and stacks prove, unless a log proves more.

    They say who was missing; a line that says why (an exception, a kill) says more.
    """
    root = case.judgement.root
    if root is not None and NEVER_CAME not in root.rule.consequence_of:
        return None
    telling = (item for item in case.seen if item.role is Role.CAUSE)
    return next((item for item in telling if item.confidence is not Confidence.POSSIBLE), None)


def _with_lines(witness: Finding, log: Finding | None) -> Finding:
    """The witness's finding, with the lines of the log that say the same in front."""
    lines = log.evidence[:3] if log else ()
    return replace(witness, evidence=(*lines, *witness.evidence[:3]))


def _without_root(case: Case) -> Verdict:
    """Nothing explains the end: only fallout, silence, or a good ending."""
    ending, pack = case.ending, case.pack
    roles = case.judgement.roles
    fallout = [group for group in case.groups if roles[id(group)] is Role.CONSEQUENCE]
    if fallout and (root := deductions.failed_without_error(pack, fallout[0], case.records)):
        return Verdict(Status.UNRECOGNISED, root.message, root)
    if idle := deductions.all_skipped(pack, ending):
        return Verdict(Status.DIAGNOSED, idle.message, idle)
    if stops := deductions.log_stops(pack, ending):
        return Verdict(Status.INCONCLUSIVE, stops.message, stops)
    seen = ending.well or ending.last is not None
    return Verdict(Status.HEALTHY if seen else Status.INCONCLUSIVE, _healthy(ending, case.ranks))


def _of_root(root: Finding, group: Group) -> Verdict:
    """A root was found; it counts as recognised if a rule or the user's own frame explains it."""
    known = root.code != UNRECOGNISED or _in_users_code(group)
    return Verdict(Status.DIAGNOSED if known else Status.UNRECOGNISED, root.message, root)


def _in_users_code(group: Group) -> bool:
    """Was the exception raised by the user's own code, which the report shows?"""
    link = group.first.link
    return bool(link and link.frames and is_users(link.frames[-1]))


def _healthy(ending: Ending, ranks: RankMap) -> str:
    """One sentence on a job that went well, as far as the log tells."""
    last = deductions.progress_named(ending.last)
    parts = [part for part in (last and f"last at {last}", ending.why) if part]
    if not ending.well:
        parts.append("the log does not say how the job ended")
    known = ranks_named(sorted(set(ranks.local_of_pid.values())))
    if ending.well and known:
        parts.append(f"ranks {known}")
    return "No failure found: " + "; ".join(parts) + "."
