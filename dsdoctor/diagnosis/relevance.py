"""Parts what a kernel log says about this job from what it says about others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsdoctor.diagnosis.findings import finding_from_rule
from dsdoctor.diagnosis.job_traits import JobTraits
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Confidence, Event, Evidence, Finding, Role, Severity


@dataclass(frozen=True, slots=True)
class Settled:
    """The record with the events of this job only, and the others as findings and notes."""

    record: LogRecord
    findings: tuple[Finding, ...] = ()


def settled(record: LogRecord, job: JobTraits, pack: Pack) -> Settled:
    """Keep the events that belong to the job.

    An event belongs if it names a process of the job, or names none and lies in the job's time.
    One outside that time is left out with a note. Of one that may or may not belong the reader
    is told, as context: a cause needs more than that.
    """
    ours: list[Event] = []
    maybe: list[Event] = []
    others: list[Event] = []
    for event in record.events:
        belongs = _belongs(event, job)
        (ours if belongs else maybe if belongs is None else others).append(event)
    notes = (*record.notes, *_note(record.name, others, job, pack))
    return Settled(replace(record, events=tuple(ours), notes=notes), _told(maybe, pack))


def _belongs(event: Event, job: JobTraits) -> bool | None:
    """Is the event of this job? None: it cannot be said."""
    pid, time = event.origin.pid, event.writer.time
    named = pid is not None and pid in job.pids
    within = job.within(time) if time is not None else None
    if within is False:
        # the process id outweighs the clock, which may show another zone
        return named and time is not None and job.within_any_zone(time)
    if named:
        return True
    return True if within and (pid is None or not job.pids) else None


def _note(name: str, events: Sequence[Event], job: JobTraits, pack: Pack) -> list[str]:
    """One sentence on what lies outside the job's time."""
    if not events:
        return []
    last = events[-1]
    when = f"{job.first:%Y-%m-%d %H:%M} to {job.last:%Y-%m-%d %H:%M}"
    return [
        f"{name}: {len(events)} kernel messages outside the job's time ({when}) left out; "
        f"the last in line {last.line}: {pack[last.rule].title}"
    ]


def _told(events: Sequence[Event], pack: Pack) -> tuple[Finding, ...]:
    """What may be of this job, one finding a rule. Fallout is not worth telling."""
    by_rule: dict[str, list[Event]] = {}
    for event in events:
        if pack[event.rule].role in ("cause", "either"):
            by_rule.setdefault(event.rule, []).append(event)
    return tuple(_context(pack, code, items) for code, items in by_rule.items())


def _context(pack: Pack, code: str, events: Sequence[Event]) -> Finding:
    finding = finding_from_rule(
        pack[code],
        confidence=Confidence.POSSIBLE,
        values=dict(events[-1].fields),
        evidence=[Evidence(item.source, item.line, item.text) for item in events[-3:]],
    )
    hosts = tuple(sorted({item.writer.host for item in events if item.writer.host}))
    return replace(
        finding,
        role=Role.CONTEXT,
        severity=Severity.INFO,
        hosts=hosts,
        count=sum(item.count for item in events),
    )
