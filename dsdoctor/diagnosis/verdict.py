"""The answer: the status, one sentence, and the root cause where there is one."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis import deductions
from dsdoctor.diagnosis.absence import absent_rank
from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.frames import is_users
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import UNRECOGNISED
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Finding, Role, Status, Verdict, ranks_named


def verdict_of(
    findings: Sequence[Finding],
    judgement: Judgement,
    groups: Sequence[Group],
    ending: Ending,
    ranks: RankMap,
    records: Sequence[LogRecord],
    pack: Pack,
) -> Verdict:
    """Turn the judgement and the ending into the answer."""
    if gone := deductions.left_early(pack, judgement, ranks, records, ending):
        return Verdict(Status.DIAGNOSED, gone.message, gone)
    if late := absent_rank(pack, judgement, groups, ranks, records):
        return Verdict(Status.DIAGNOSED, late.message, late)
    if judgement.root is not None:
        return _of_root(findings[0], judgement.root)
    fallout = [group for group in groups if judgement.roles[id(group)] is Role.CONSEQUENCE]
    if fallout and (root := deductions.failed_without_error(pack, fallout[0], records)):
        return Verdict(Status.UNRECOGNISED, root.message, root)
    if idle := deductions.all_skipped(pack, ending):
        return Verdict(Status.DIAGNOSED, idle.message, idle)
    if stops := deductions.log_stops(pack, ending):
        return Verdict(Status.INCONCLUSIVE, stops.message, stops)
    seen = ending.well or ending.last is not None
    return Verdict(Status.HEALTHY if seen else Status.INCONCLUSIVE, _healthy(ending, ranks))


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
