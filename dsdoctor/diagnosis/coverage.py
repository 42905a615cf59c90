"""What was looked at and what was not."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis.incidents import Incident
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Coverage


def coverage_of(
    records: Sequence[LogRecord],
    incidents: Sequence[Incident],
    ranks: RankMap,
    seconds: float,
    notes: Sequence[str],
) -> Coverage:
    """Count files, lines and ranks. Ranks are only called missing if each has its own mark."""
    seen = _ranks_seen(records, incidents)
    world = ranks.world_size
    marked = len(seen) > 1 or (len(records) > 1 and bool(seen))
    missing = sorted(set(range(world)) - seen) if world and marked else []
    return Coverage(
        files=len(records),
        lines=sum(record.lines for record in records),
        bytes=sum(record.bytes for record in records),
        seconds=seconds,
        world_size=world,
        ranks_seen=tuple(sorted(seen)),
        ranks_missing=tuple(missing),
        notes=(*notes, *(note for record in records for note in record.notes)),
    )


def _ranks_seen(records: Sequence[LogRecord], incidents: Sequence[Incident]) -> set[int]:
    found = {incident.origin.rank for incident in incidents}
    for record in records:
        found.add(record.origin.rank)
        found |= {line.origin.rank for line in record.tail}
        found |= {event.writer.rank for event in record.events}
    return {rank for rank in found if rank is not None}
