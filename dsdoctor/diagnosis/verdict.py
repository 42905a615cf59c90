"""The answer: the status, one sentence, and the root cause where there is one."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.findings import finding_from_rule
from dsdoctor.diagnosis.frames import is_users
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import UNRECOGNISED
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import (
    Confidence,
    Evidence,
    Finding,
    Progress,
    Role,
    Status,
    Verdict,
    ranks_named,
)

LOG_STOPS = "DSX002"
NO_ERROR_BUT_FAILED = "DSX003"
LEFT_EARLY = "DSX004"


def verdict_of(
    findings: Sequence[Finding],
    judgement: Judgement,
    groups: Sequence[Group],
    ending: Ending,
    ranks: RankMap,
    pack: Pack,
) -> Verdict:
    """Turn the judgement and the ending into the answer."""
    if judgement.root is not None:
        return _of_root(findings[0], judgement.root)
    fallout = [group for group in groups if judgement.roles[id(group)] is Role.CONSEQUENCE]
    if fallout and (root := _engine_finding(pack, NO_ERROR_BUT_FAILED, fallout[0])):
        return Verdict(Status.UNRECOGNISED, root.message, root)
    if ending.stopped and LOG_STOPS in pack:
        root = _stopped(pack, ending)
        return Verdict(Status.INCONCLUSIVE, root.message, root)
    seen = ending.well or ending.last is not None
    return Verdict(Status.HEALTHY if seen else Status.INCONCLUSIVE, _healthy(ending, ranks))


def _of_root(root: Finding, group: Group) -> Verdict:
    """A root was found; it counts as recognised if a rule or the user's own frame explains it."""
    known = root.code != UNRECOGNISED or _in_users_code(group)
    return Verdict(Status.DIAGNOSED if known else Status.UNRECOGNISED, root.message, root)


def _in_users_code(group: Group) -> bool:
    link = group.first.link
    return bool(link and link.frames and is_users(link.frames[-1]))


def _engine_finding(pack: Pack, code: str, group: Group) -> Finding | None:
    """The job failed, and the lines left only show the fallout."""
    if code not in pack:
        return None
    first = group.first
    evidence = [Evidence(item.source, item.line, item.text) for item in group.incidents[:4]]
    values = {"text": first.text.strip()[:200], "title": group.rule.title}
    return finding_from_rule(
        pack[code],
        confidence=Confidence.POSSIBLE,
        values=values,
        evidence=evidence,
        ranks=(),
    )


def _stopped(pack: Pack, ending: Ending) -> Finding:
    """The log ends without an ending."""
    values = {"ending": ending.why, "progress": _progress(ending.last)}
    evidence = [Evidence(ending.source, ending.line, ending.text)]
    return finding_from_rule(
        pack[LOG_STOPS],
        confidence=Confidence.LIKELY,
        values={name: value for name, value in values.items() if value},
        evidence=evidence,
    )


def _healthy(ending: Ending, ranks: RankMap) -> str:
    """One sentence on a job that went well, as far as the log tells."""
    parts = [part for part in (_progress(ending.last), ending.why) if part]
    if not ending.well:
        parts.append("the log does not say how the job ended")
    known = ranks_named(sorted(set(ranks.local_of_pid.values())))
    if ending.well and known:
        parts.append(f"ranks {known}")
    return "No failure found" + (": " + "; ".join(parts) if parts else "") + "."


def _progress(last: Progress | None) -> str:
    """``last at step 12 of 20, loss 1.93, 18:22:41``."""
    if last is None:
        return ""
    step = f"step {last.step}" if last.step is not None else "the last step seen"
    total = f" of {last.total}" if last.total else ""
    loss = f", loss {last.loss:g}" if last.loss is not None else ""
    time = f", {last.origin.time:%H:%M:%S}" if last.origin.time else ""
    return f"{step}{total}{loss}{time}"
