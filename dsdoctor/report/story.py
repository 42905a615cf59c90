"""The ranks of a job and its story, folded so that a page holds thousands of ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import RankRow, TimelineEntry, ranks_named
from dsdoctor.report.lines import StyledLine

MAX_ROWS = 12


def rank_lines(rows: Sequence[RankRow]) -> Iterator[StyledLine]:
    """One line for all ranks that ended alike at the same step."""
    alike: dict[tuple[str, int | None], list[RankRow]] = {}
    for row in rows:
        alike.setdefault((row.ended or "no word of its end", row.last_step), []).append(row)
    if not alike:
        return
    yield []
    shown = sorted(alike.items(), key=lambda item: len(item[1]))[:MAX_ROWS]
    for (ended, step), members in shown:
        name = ranks_named([row.rank for row in members])
        where = _hosts(members)
        after = f", after step {step}" if step is not None else ""
        yield [("  rank  ", "bold"), (f"{name}{where}: {ended}{after}", "")]
    if len(alike) > len(shown):
        yield [(f"        and {len(alike) - len(shown)} more kinds of ending", "dim")]


def _hosts(rows: Sequence[RankRow]) -> str:
    """`` · node-1`` or the first of many."""
    hosts = list(dict.fromkeys(row.host for row in rows if row.host))
    if not hosts:
        return ""
    more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    return f" · {hosts[0]}{more}"


def timeline_lines(entries: Sequence[TimelineEntry]) -> Iterator[StyledLine]:
    """Moment by moment: time, place, what."""
    if entries:
        yield []
    for entry in entries:
        time = f"{entry.time:%H:%M:%S}" if entry.time else " " * 8
        rank = f"rank {entry.rank}" if entry.rank is not None else ""
        place = f"{entry.file}:{entry.line}"
        yield [("  ", ""), (time, "cyan"), (f"  {rank:<9} {entry.text}", ""), (f"  {place}", "dim")]
