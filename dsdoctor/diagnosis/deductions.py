"""Findings that no single line tells: the engine deduces them from several."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsdoctor.diagnosis.endings import Ending
from dsdoctor.diagnosis.findings import engine_finding
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Confidence, Evidence, Finding, Progress

LOG_STOPS = "DSX002"
NO_ERROR_BUT_FAILED = "DSX003"
LEFT_EARLY = "DSX004"
ALL_SKIPPED = "DSX005"

WARM_UP = 40
"""Steps that a dynamic loss scale may skip at the start: it begins at 2^16 to 2^32 and halves."""


_COMPLAINT = re.compile(
    r"(?i)\b(?:error|fatal|fail(?:ed|ure)|cannot|can't|unable|denied|abort(?:ed)?|refused|missing"
    r"|not found|no such|invalid|killed|exceeded)\b"
)


def failed_without_error(
    pack: Pack, fallout: Group, records: Sequence[LogRecord]
) -> Finding | None:
    """The job failed, and the lines that are left only show the fallout.

    The last line before it that sounds like a complaint comes first, as a place to look.
    """
    first = fallout.first
    evidence = _complaint_before(first.source, first.line, records)
    evidence += [Evidence(item.source, item.line, item.text) for item in fallout.incidents[:3]]
    values = {"text": evidence[0].text.strip()[:200], "title": fallout.rule.title}
    return engine_finding(pack, NO_ERROR_BUT_FAILED, Confidence.POSSIBLE, values, evidence)


def _complaint_before(source: str, line: int, records: Sequence[LogRecord]) -> list[Evidence]:
    """The last line of the log's end, before ``line``, that sounds like a complaint."""
    tail = next(record.tail for record in records if record.name == source)
    said = [item for item in tail if item.number < line and _COMPLAINT.search(item.text)]
    return [Evidence(source, item.number, item.text) for item in said[-1:]]


def log_stops(pack: Pack, ending: Ending) -> Finding | None:
    """The log ends without an ending."""
    if not ending.stopped:
        return None
    values = {"ending": ending.why, "progress": progress_named(ending.last)}
    evidence = [Evidence(ending.source, ending.line, ending.text)]
    return engine_finding(pack, LOG_STOPS, Confidence.LIKELY, values, evidence)


def left_early(
    pack: Pack, judgement: Judgement, ranks: RankMap, records: Sequence[LogRecord], ending: Ending
) -> Finding | None:
    """A rank ended with code 0 while others went on: they wait for it for ever.

    Only where nothing better explains the end: a timeout, or an end from outside.
    """
    gone = {pid: place for pid, place in ranks.exited.items() if pid in ranks.local_of_pid}
    if ending.well or not gone or len(gone) == len(ranks.local_of_pid):
        return None
    if judgement.root is not None and not _may_be_waiting(judgement.root):
        return None
    lines = {fact.line: fact.text for item in records for fact in item.facts}
    evidence = [Evidence(name, line, lines.get(line, "")) for name, line in gone.values()]
    local = sorted(ranks.local_of_pid[pid] for pid in gone)
    values = {"ranks": ", ".join(map(str, local)), "rank": str(local[0])}
    named = local if ranks.one_host else []
    return engine_finding(pack, LEFT_EARLY, Confidence.LIKELY, values, evidence[:4], named)


def all_skipped(pack: Pack, ending: Ending) -> Finding | None:
    """The job went on to the end, and (nearly) every optimizer step was left out."""
    last = ending.last
    if last is None or not last.step or last.skipped is None:
        return None
    whole = last.skipped >= last.step and ending.well
    if not whole and not (last.skipped >= WARM_UP and last.skipped >= 0.9 * last.step):
        return None
    values = {"count": str(last.skipped), "total": str(last.step)}
    evidence = [Evidence(last.source, last.line, last.text)]
    return engine_finding(pack, ALL_SKIPPED, Confidence.CERTAIN, values, evidence)


def progress_named(last: Progress | None) -> str:
    """``step 12 of 20, loss 1.93, 18:22:41``; empty if there was no progress."""
    if last is None:
        return ""
    step = f"step {last.step}" if last.step is not None else "the last step seen"
    total = f" of {last.total}" if last.total else ""
    loss = f", loss {last.loss:g}" if last.loss is not None else ""
    time = f", {last.origin.time:%H:%M:%S}" if last.origin.time else ""
    return f"{step}{total}{loss}{time}"


def _may_be_waiting(root: Group) -> bool:
    """Is the root of the kind that a missing rank leaves behind?"""
    return root.first.waits or root.rule.family == "network" or root.rule.role == "either"
