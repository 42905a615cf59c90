"""A communicator that never came up: who began, who finished, who was not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsdoctor.diagnosis.nccl_communicators import (
    Communicator,
    Member,
    Process,
    by_process,
    process_of,
)
from dsdoctor.diagnosis.nccl_problems import Problem
from dsdoctor.diagnosis.nccl_table import NcclTable
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.facts import Fact
from dsdoctor.model import Confidence, Severity, ranks_named

INIT_INCOMPLETE = "DSN071"


def init_incomplete(table: NcclTable, pack: Pack) -> Problem | None:
    """The first communicator that some ranks began to form and never finished.

    A line may be torn where many processes write into one file, so what a process did afterwards
    counts: who trains, or forms another communicator, is not stuck.
    """
    failed = _Failures(table, pack)
    if table.cut or (table.ended and not failed.any()):
        return None
    later = by_process(table.communicators)
    for item in table.communicators:
        stuck = [member for member in item.members if _is_stuck(member, table, later)]
        if not stuck:
            continue
        if any(member.done for member in item.members):
            if "COMPLETE" in table.torn:
                continue
            return _left_behind(item, stuck, table, failed)
        unseen = item.unseen()
        if unseen or failed.after(_started(stuck[:1])):
            return _not_there(item, stuck, unseen, table)
    return None


class _Failures:
    """The lines of the job that say that it failed.

    Args:
        table: with the last line of each problem.
        pack: says which problems end a job.
    """

    def __init__(self, table: NcclTable, pack: Pack) -> None:
        self._lines = [
            (source, line)
            for (source, code), line in table.trouble.items()
            if code in pack and Severity(pack[code].severity).level >= Severity.ERROR.level
        ]

    def any(self) -> bool:
        """Is there one at all?"""
        return bool(self._lines)

    def after(self, facts: Iterable[Fact]) -> bool:
        """Is there one after these lines? Lines of other files count as later."""
        return any(
            source != fact.source or line > fact.line
            for fact in facts
            for source, line in self._lines
        )


def _is_stuck(member: Member, table: NcclTable, later: dict[Process, list[Member]]) -> bool:
    """Has it started, not finished, and done nothing since?"""
    first = member.started
    if first is None or not member.stuck or table.moved.get(first.source, 0) > first.line:
        return False
    others = (item.done for item in later[member.process] if item is not member)
    return not any(done and _follows(done, first) for done in others)


def _follows(done: Fact, first: Fact) -> bool:
    return done.source == first.source and done.line > first.line


def _started(members: Sequence[Member]) -> list[Fact]:
    return [member.started for member in members if member.started]


def _left_behind(
    item: Communicator, stuck: Sequence[Member], table: NcclTable, failed: _Failures
) -> Problem:
    """Some finished, so all had come; these did not get through."""
    ranks = _job_ranks(stuck, item, table)
    done = [member.done for member in item.members if member.done]
    values = {"total": str(item.nranks), "waiting": ranks_named(ranks)}
    sure = Confidence.LIKELY if failed.after(_started(stuck[:1])) else Confidence.POSSIBLE
    facts = (*_started(stuck)[:2], *done[:1])
    return Problem(INIT_INCOMPLETE, sure, values, facts, tuple(ranks), _hosts(stuck))


def _not_there(
    item: Communicator, stuck: Sequence[Member], unseen: Sequence[int], table: NcclTable
) -> Problem:
    """Nobody finished. Those without a line never came, or their log is not here.

    Where most are without a line, the logs are more likely missing than the ranks.
    """
    whole = table.is_whole(item)
    waiting = _job_ranks(stuck, item, table)
    values = {"total": str(item.nranks), "waiting": ranks_named(waiting)}
    if unseen and whole:
        values["ranks"] = ranks_named(unseen)
    elif unseen:
        values["count"] = str(len(unseen))
    sure = not unseen or _would_show(item, unseen, table)
    named = whole and (sure or len(unseen) <= len(stuck)) and not _lines_are_missing(table)
    accused = (unseen if named else ()) if unseen else waiting
    return Problem(
        INIT_INCOMPLETE,
        Confidence.LIKELY if sure else Confidence.POSSIBLE,
        values,
        tuple(_started(stuck)[:2]),
        tuple(accused),
        () if unseen else _hosts(stuck),
    )


def _would_show(item: Communicator, unseen: Sequence[int], table: NcclTable) -> bool:
    """Would the missing ranks' lines be in these logs if they had come?

    They would if the same ranks were heard before, if a launcher put all processes' output into
    this file, or if their neighbours on both sides share a host.
    """
    if _lines_are_missing(table):
        return False
    wholes = (other for other in table.communicators if table.is_whole(other) and other is not item)
    seen_before = {member.rank for other in wholes for member in other.members}
    if table.is_whole(item) and set(unseen) <= seen_before:
        return True
    sources = {fact.source for fact in _started(item.members)}
    if any(table.spawned.get(source, 0) >= item.nranks for source in sources):
        return True
    return all(_between(rank, item) for rank in unseen)


def _lines_are_missing(table: NcclTable) -> bool:
    """Was a START line cut in two, or does a process warn of which there is no such line?

    Who warns is inside NCCL, so it began; only the line is not there.
    """
    members = {member.process for item in table.communicators for member in item.members}
    warned = {process_of(fact) for host in table.hosts for fact in host.warnings}
    return "START" in table.torn or not warned <= members


def _between(rank: int, item: Communicator) -> bool:
    """Do lower and higher ranks run on one host?"""
    below = [member.host for member in item.members if member.rank < rank]
    above = [member.host for member in item.members if member.rank > rank]
    return bool(below and above and below[-1] and below[-1] == above[0])


def _job_ranks(members: Iterable[Member], item: Communicator, table: NcclTable) -> list[int]:
    """The job's ranks of some members, as far as known."""
    if table.is_whole(item):
        return sorted(member.rank for member in members)
    known = table.job_ranks()
    return sorted(known[member.process] for member in members if member.process in known)


def _hosts(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(sorted({member.host for member in members if member.host}))
