"""How the logs end: well, with failure, or by just stopping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Line, Progress

BAR_SLACK = 0.98
"""A progress bar may end a step or two early (the last one is not always redrawn)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of the logs says by itself.

    ``well``: the launcher or the Trainer says that all went well. ``stopped``: the launcher
    started processes and says nothing of their end, or a progress bar stands still before its
    total. ``place`` is where the log ends.
    """

    well: bool
    stopped: bool
    why: str
    source: str = ""
    line: int = 0
    text: str = ""
    last: Progress | None = None


def ending_of(records: Sequence[LogRecord], ranks: RankMap) -> Ending:
    """Read the end of all logs together."""
    last = _last_progress(records)
    record = max(records, key=lambda item: item.lines) if records else LogRecord("")
    source, line = record.name, _last_line(record)
    place = {"source": source, "line": line.number, "text": line.text}
    if why := _ended_well(records, ranks):
        return Ending(well=True, stopped=False, why=why, last=last, **place)  # type: ignore[arg-type]
    why = _stopped(records, ranks, last)
    return Ending(well=False, stopped=bool(why), why=why, last=last, **place)  # type: ignore[arg-type]


def _ended_well(records: Sequence[LogRecord], ranks: RankMap) -> str:
    """The sign that the job ended well, or nothing."""
    pids = set(ranks.local_of_pid)
    if pids and pids <= set(ranks.exited):
        return f"all {len(pids)} processes exited with code 0"
    if not pids and any(_finished(item) for item in records) and all(map(_survived, records)):
        return "the Trainer printed its closing summary"
    return ""


def _finished(record: LogRecord) -> bool:
    return any(fact.kind == "finished" for fact in record.facts)


def _survived(record: LogRecord) -> bool:
    """Did the closing summary come after all tracebacks of the log?"""
    ends = [fact.line for fact in record.facts if fact.kind == "finished"]
    return all(max(ends, default=0) > item.last_line for item in record.tracebacks)


def _stopped(records: Sequence[LogRecord], ranks: RankMap, last: Progress | None) -> str:
    """Why we think that the log just stops, or nothing."""
    missing = set(ranks.local_of_pid) - set(ranks.exited)
    if missing:
        started, gone = len(ranks.local_of_pid), len(ranks.exited)
        return f"{started} processes were started, the log tells the end of {gone}"
    if last and last.step is not None and last.total and _stands_still(records, last):
        return f"the progress bar stands at {last.step} of {last.total}"
    return ""


def _stands_still(records: Sequence[LogRecord], last: Progress) -> bool:
    """Is ``last`` short of its total, and the very last thing its log says?"""
    record = next(item for item in records if item.name == last.source)
    after = [line for line in record.tail if line.number > last.line and line.text.strip()]
    short = (last.step or 0) < BAR_SLACK * (last.total or 0) - 1
    return short and not after and "%|" in last.text


def _last_progress(records: Sequence[LogRecord]) -> Progress | None:
    """The progress with the highest step, or the last one where steps are not printed."""
    every = [item for record in records for item in record.progress]
    if not every:
        return None
    return max(every, key=lambda item: (item.step is not None, item.step or 0, item.line))


def _last_line(record: LogRecord) -> Line:
    """The last line of a log that says anything."""
    said = [line for line in record.tail if line.text.strip()]
    return said[-1] if said else Line(record.lines, "")
