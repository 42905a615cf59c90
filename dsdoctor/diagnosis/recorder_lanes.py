"""The entries of one process group, rank by rank and number by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dsdoctor.logs.flight_recorder import Dump
from dsdoctor.logs.recorder_entries import Entry, Group

_PEER = re.compile(r"^(?:send|recv) (\d+)(?:->|<-)(\d+)$")


@dataclass(slots=True)
class Lane:
    """What the members of a group recorded in it: collectives, or point-to-point operations.

    ``done_up_to`` is the last number that a rank completed. Work of a group completes in order, so
    an older entry without a state is one that torch does not track (a part of a coalesced one).
    """

    group: Group
    members: tuple[int, ...] = ()
    members_known: bool = False
    is_p2p: bool = False
    drops_completed: bool = False
    entries: dict[int, dict[int, Entry]] = field(default_factory=dict)
    done_up_to: dict[int, int] = field(default_factory=dict)

    def add(self, rank: int, entry: Entry) -> None:
        """Take in an entry. Parts of a coalesced operation share its number; the last one is it."""
        mine = self.entries.setdefault(rank, {})
        before = mine.get(entry.seq)
        if before is not None and entry.op.lower().endswith("coalesced"):
            entry = replace(entry, frames=entry.frames or before.frames)
        mine[entry.seq] = entry
        if entry.done:
            self.done_up_to[rank] = max(entry.seq, self.done_up_to.get(rank, -1))

    def is_done(self, rank: int, seq: int) -> bool:
        """Has ``rank`` completed number ``seq`` or a later one?"""
        return seq <= self.done_up_to.get(rank, -1)

    def pending(self) -> dict[int, Entry]:
        """The first entry of each rank that it has not completed."""
        first = {}
        for rank, mine in self.entries.items():
            open_ = [seq for seq in mine if not self.is_done(rank, seq)]
            if open_:
                first[rank] = mine[min(open_)]
        return first

    def frontier(self) -> int | None:
        """The first recorded number that some member with a dump has not completed."""
        numbers = sorted({seq for mine in self.entries.values() for seq in mine})
        open_ = {rank: entry.seq for rank, entry in self.pending().items()}
        idle = (rank for rank in self.members if rank in self.entries and rank not in open_)
        starts = [*open_.values(), *(max(self.entries[rank]) + 1 for rank in idle)]
        return next((seq for seq in numbers if starts and seq >= min(starts)), None)

    def proves_absence(self, dump: Dump) -> bool:
        """Does a dump without any entry of the group show that its rank was never in it?

        Not if old entries were overwritten, nor if completed ones are left out
        (TORCH_INCLUDE_ONLY_ACTIVE).
        """
        return dump.from_the_start and not self.drops_completed


def lanes_of(dumps: Mapping[int, Dump], world_size: int | None) -> list[Lane]:
    """Sort the entries of all dumps by group; groups may share a name with other members."""
    drops_completed = _drops_completed(dumps.values())
    lanes: dict[tuple[str, tuple[int, ...], bool], Lane] = {}
    for rank, dump in dumps.items():
        for entry in dump.entries:
            group = dump.groups.get(entry.group) or Group(entry.group, entry.desc)
            key = (group.name, group.ranks, entry.is_p2p)
            if key not in lanes:
                lanes[key] = Lane(group, is_p2p=entry.is_p2p, drops_completed=drops_completed)
            lanes[key].add(rank, entry)
    for lane in lanes.values():
        lane.members, lane.members_known = _members(lane, dumps, world_size)
    return list(lanes.values())


def _drops_completed(dumps: Iterable[Dump]) -> bool:
    """Nothing is completed in any dump, and yet something came before what is there."""
    filled = [dump for dump in dumps if dump.entries]
    done = any(entry.done for dump in filled for entry in dump.entries)
    return not done and not all(dump.from_the_start for dump in filled)


def _members(
    lane: Lane, dumps: Iterable[int], world_size: int | None
) -> tuple[tuple[int, ...], bool]:
    """Who belongs to the group, and whether that is known."""
    if lane.group.ranks:
        return lane.group.ranks, True
    if lane.group.desc == "default_pg":
        if world_size:
            return tuple(range(world_size)), True
        return tuple(sorted(dumps)), False
    return tuple(sorted(lane.entries)), False


def peers_of(lanes: Iterable[Lane]) -> dict[int, int]:
    """For each rank that waits in a send or receive, the rank at the other end."""
    peers = {}
    for lane in lanes:
        for rank, entry in lane.pending().items() if lane.is_p2p else ():
            if match := _PEER.match(entry.op):
                other = int(match[2])
                known = lane.group.ranks
                peers[rank] = known[other] if other < len(known) else other
    return peers
