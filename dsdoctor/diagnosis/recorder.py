"""Compares the flight-recorder dumps of a job: which collective stopped, and who is not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dsdoctor.diagnosis.recorder_lanes import Lane, lanes_of, peers_of
from dsdoctor.logs.flight_recorder import Dump
from dsdoctor.logs.recorder_entries import Entry, Group

COMPLETED = "completed"
STARTED = "started, not completed"
SCHEDULED = "scheduled, not started"
NEVER = "never recorded"
UNKNOWN = "overwritten or left out"
NO_DUMP = "no dump"

SAME_ON_ALL = frozenset(
    [
        "all_reduce",
        "allreduce_coalesced",
        "broadcast",
        "_broadcast_oop",
        "reduce",
        "_reduce_oop",
        "all_reduce_barrier",
        "barrier",
        "_all_gather_base",
        "_allgather_base",
        "_reduce_scatter_base",
        "all_gather_single",
        "all_gather_into_tensor_coalesced",
        "reduce_scatter_tensor_coalesced",
        "reduce_scatter_single",
    ]
)
"""Operations whose tensors must have the same size and type on every rank."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one rank is, seen from one collective: its own entry if any, and its last one."""

    rank: int
    standing: str
    entry: Entry | None = None
    last: Entry | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """The first collective of a group that not all members completed.

    ``waiting`` are the members with something unfinished in the group. ``complete`` says that
    all members are known and left a dump.
    """

    group: Group
    seq: int
    places: tuple[Place, ...]
    waiting: tuple[int, ...]
    complete: bool

    def at(self, *standings: str) -> tuple[int, ...]:
        """The ranks of such a standing."""
        return tuple(place.rank for place in self.places if place.standing in standings)

    @property
    def entry(self) -> Entry | None:
        """What a member recorded of it, one that waits before others."""
        found = [place for place in self.places if place.entry is not None]
        found.sort(key=lambda place: place.rank not in self.waiting)
        return found[0].entry if found else None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Ranks that recorded different things as the same number: operation, sizes or types."""

    group: Group
    seq: int
    kind: str
    places: tuple[Place, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the dumps of a job say together.

    ``busy`` maps ranks to the first thing each has not finished, over all groups. ``peers`` maps
    ranks to the other end of a point-to-point operation they wait in.
    """

    dumps: Mapping[int, Dump]
    stuck: tuple[Stuck, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    busy: Mapping[int, Entry] = field(default_factory=dict)
    peers: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def compare(dumps: Sequence[Dump], world_size: int | None = None) -> Comparison:
    """Align the entries of each process group by their number.

    Args:
        dumps: of any ranks, in any order; of one rank the newest counts.
        world_size: of the job, if known; the dumps' own groups know it as a rule.
    """
    by_rank, notes = _by_rank(dumps)
    lanes = lanes_of(by_rank, world_size)
    busy: dict[int, Entry] = {}
    for lane in lanes:
        for rank, entry in lane.pending().items():
            if rank not in busy or entry.created_ns < busy[rank].created_ns:
                busy[rank] = entry
    collectives = [lane for lane in lanes if not lane.is_p2p]
    stuck = [item for lane in collectives if (item := _stuck(lane, by_rank))]
    unequal = [found for lane in collectives if (found := _mismatch(lane, by_rank))]
    return Comparison(
        dumps=by_rank,
        stuck=tuple(sorted(stuck, key=_age)),
        mismatches=tuple(sorted(unequal, key=_age)),
        busy=busy,
        peers=peers_of(lanes),
        notes=tuple(notes),
    )


def _by_rank(dumps: Sequence[Dump]) -> tuple[dict[int, Dump], list[str]]:
    """One dump a rank, the newest; what had to be left out is said."""
    found: dict[int, Dump] = {}
    notes = []
    for dump in sorted(dumps, key=lambda dump: (_last_ns(dump), dump.name)):
        if dump.rank is None:
            notes.append(f"{dump.name}: the name does not tell the rank; give it a name like fr_3")
        else:
            if dump.rank in found:
                older = found[dump.rank].name
                notes.append(f"{older}: an older dump of rank {dump.rank} than {dump.name}")
            found[dump.rank] = dump
        if dump.skipped:
            notes.append(f"{dump.name}: {dump.skipped} entries were not readable")
    return dict(sorted(found.items())), notes


def _last_ns(dump: Dump) -> int:
    return max((entry.created_ns for entry in dump.entries), default=0)


def _age(item: Stuck | Mismatch) -> tuple[int, str]:
    """Sort key: when the collective was first enqueued."""
    times = [place.entry.created_ns for place in item.places if place.entry]
    return min(times, default=1 << 63), item.group.name


def _stuck(lane: Lane, dumps: Mapping[int, Dump]) -> Stuck | None:
    """The first collective of the group that some member with a dump has not completed."""
    pending = lane.pending()
    seq = lane.frontier()
    if not pending or seq is None:
        return None
    return Stuck(
        group=lane.group,
        seq=seq,
        places=tuple(_place(lane, rank, seq, dumps) for rank in lane.members),
        waiting=tuple(sorted(pending)),
        complete=lane.members_known and set(lane.members) <= set(dumps),
    )


def _place(lane: Lane, rank: int, seq: int, dumps: Mapping[int, Dump]) -> Place:
    """Where ``rank`` is, seen from collective ``seq``."""
    mine = lane.entries.get(rank, {})
    entry, last = mine.get(seq), mine[max(mine)] if mine else None
    if rank not in dumps:
        return Place(rank, NO_DUMP)
    if last is None:
        return Place(rank, NEVER if lane.proves_absence(dumps[rank]) else UNKNOWN)
    if seq > last.seq:
        return Place(rank, NEVER, None, last)
    if seq < min(mine) or lane.is_done(rank, seq):
        return Place(rank, COMPLETED, entry, last)
    if entry is None:
        return Place(rank, UNKNOWN, None, last)
    return Place(rank, STARTED if entry.state == "started" else SCHEDULED, entry, last)


def _mismatch(lane: Lane, dumps: Mapping[int, Dump]) -> Mismatch | None:
    """The first number under which ranks recorded different things, up to where it is stuck."""
    stuck = bool(lane.pending())
    frontier = lane.frontier() if stuck else None
    numbers = sorted({seq for mine in lane.entries.values() for seq in mine})
    for seq in numbers:
        if frontier is not None and seq > frontier:
            break
        found = {rank: mine[seq] for rank, mine in lane.entries.items() if seq in mine}
        kind = difference(list(found.values()))
        if kind and (stuck or kind == "operation"):
            places = tuple(_place(lane, rank, seq, dumps) for rank in sorted(found))
            whole = lane.members_known and set(lane.members) <= set(found)
            return Mismatch(lane.group, seq, kind, places, whole)
    return None


def difference(entries: Sequence[Entry]) -> str:
    """In what the entries of one collective differ; empty if they agree as far as they must."""
    if len({entry.op for entry in entries}) > 1:
        return "operation"
    if not entries or entries[0].op not in SAME_ON_ALL:
        return ""
    if len({(entry.inputs, entry.outputs) for entry in entries}) > 1:
        return "sizes"
    return "types" if len({entry.types for entry in entries}) > 1 else ""
