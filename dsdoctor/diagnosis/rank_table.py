"""A row for every rank: where it ran, how far it came, what it said last, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import RankRow, Role

MAX_RANKS = 65_536
"""World sizes beyond this are a misread number, not a job."""


def rank_table(
    groups: Sequence[Group], judgement: Judgement, ranks: RankMap, records: Sequence[LogRecord]
) -> tuple[RankRow, ...]:
    """The rows of all ranks known by number, in order; of a single rank none.

    Ranks of the world size that left no line get a row that says so, if other ranks' lines are
    marked at all.
    """
    rows: dict[int, RankRow] = {}
    _with_words(rows, records)
    _with_endings(rows, groups, judgement)
    _with_exits(rows, ranks)
    world = ranks.world_size or 0
    if len(rows) > 1 and world <= MAX_RANKS:
        for rank in set(range(world)) - set(rows):
            rows[rank] = RankRow(rank, ended="left no line in these logs")
    return tuple(rows[rank] for rank in sorted(rows)) if len(rows) > 1 else ()


def _with_words(rows: dict[int, RankRow], records: Sequence[LogRecord]) -> None:
    """Last line and last step of each rank, as far as lines carry the rank's mark."""
    for record in records:
        for line in record.tail:
            if line.origin.rank is not None and line.text.strip():
                row = rows.get(line.origin.rank) or RankRow(line.origin.rank)
                host = line.origin.host or row.host
                time = line.origin.time or row.time
                rows[row.rank] = replace(
                    row, last_line=line.number, file=record.name, host=host, time=time
                )
        for item in record.progress:
            if item.origin.rank is not None:
                row = rows.get(item.origin.rank) or RankRow(item.origin.rank)
                rows[row.rank] = replace(
                    row, last_step=item.step, host=item.origin.host or row.host
                )


def _with_endings(rows: dict[int, RankRow], groups: Sequence[Group], judgement: Judgement) -> None:
    """What went wrong on each rank first."""
    for group in sorted(groups, key=lambda group: group is not judgement.root):
        if judgement.roles[id(group)] is Role.CONTEXT:
            continue
        for item in group.incidents:
            rank = item.origin.rank
            if rank is None:
                continue
            row = rows.get(rank) or RankRow(rank)
            if not row.ended:
                exception = item.link.exception if item.link else ""
                ended = exception or group.rule.title
                rows[rank] = replace(
                    row,
                    ended=ended,
                    code=group.rule.code,
                    host=item.origin.host or row.host,
                    time=item.origin.time or row.time,
                )


def _with_exits(rows: dict[int, RankRow], ranks: RankMap) -> None:
    """Processes of which the launcher says that they ended well."""
    for pid in ranks.exited:
        local = ranks.local_of_pid.get(pid)
        if local is not None and ranks.one_host:
            row = rows.get(local) or RankRow(local)
            rows[local] = replace(row, ended=row.ended or "exit code 0")
