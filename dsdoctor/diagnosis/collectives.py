"""What each rank said about the collective it was in when the watchdog fired.

ProcessGroupNCCL (torch 1.13 to 2.11) prints which collective timed out (``SeqNum``, ``OpType``)
and, from 2.3 on, the numbers of the last work enqueued and completed. A rank whose two numbers are
equal has nothing under way: it never entered the collective that the others wait in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import Incident

WITNESSES = frozenset({"DSN001", "DSN002", "DSN004"})
"""Rules whose lines carry the numbers."""

SAME_SIZE = frozenset(
    {
        "ALLREDUCE",
        "_ALLGATHER_BASE",
        "_REDUCE_SCATTER_BASE",
        "BROADCAST",
        "REDUCE",
        "_ALLREDUCE_SPARSE",
    }
)
"""Collectives in which every rank must hand in the same number of elements."""

MEANINGS = {
    "_ALLGATHER_BASE": "parameters under ZeRO-3, or updated partitions under ZeRO-1 and 2",
    "_REDUCE_SCATTER_BASE": "gradients under ZeRO-3",
    "ALLREDUCE": "gradients under ZeRO-0 to 2, or norms and overflow flags",
    "BROADCAST": "the initial weights, or objects of a checkpoint",
    "BARRIER": "a barrier, as around a checkpoint",
}
"""What DeepSpeed 0.19.8 uses a collective for (runtime/zero, runtime/engine.py)."""

_GROUP = re.compile(r"\[PG (?:ID )?(\d+) (?:PG GUID ([^\s\]]+))?")
_NUMEL = re.compile(r"NumelIn=(\d+)")


@dataclass(slots=True)
class RankState:
    """What one rank said about one process group."""

    rank: int
    waiting: Incident | None = None
    seq: int | None = None
    op: str = ""
    numel: int | None = None
    enqueued: int | None = None
    completed: int | None = None
    at: int | None = None
    witness: Incident | None = None

    @property
    def idle(self) -> bool:
        """Had it finished all that it had enqueued?"""
        return self.enqueued is not None and self.enqueued == self.completed


@dataclass(slots=True)
class GroupState:
    """What the ranks of one process group said. ``name`` is torch's id of the group."""

    name: str
    ranks: dict[int, RankState] = field(default_factory=dict)

    @property
    def waiting(self) -> list[RankState]:
        """The ranks that timed out, by rank."""
        return [state for _, state in sorted(self.ranks.items()) if state.waiting]

    def behind(self) -> list[RankState]:
        """Ranks that had nothing under way when others waited for a later collective."""
        last = max((state.seq or 0 for state in self.waiting), default=0)
        return [
            state
            for _, state in sorted(self.ranks.items())
            if not state.waiting and state.idle and (state.enqueued or 0) < last
        ]

    def mismatch(self) -> tuple[RankState, RankState] | None:
        """Two ranks that were in different collectives at the same number."""
        first: dict[int, RankState] = {}
        for state in self.waiting:
            if state.seq is None:
                continue
            other = first.setdefault(state.seq, state)
            sizes = state.op in SAME_SIZE and state.numel != other.numel
            if state.op != other.op or (sizes and None not in (state.numel, other.numel)):
                return other, state
        return None


def group_states(groups: Iterable[Group]) -> list[GroupState]:
    """Read the watchdog's lines of all ranks, by process group."""
    states: dict[str, GroupState] = {}
    for group in groups:
        if group.rule.code in WITNESSES:
            for incident in group.incidents:
                _take(states, incident)
    unnamed = states.pop("", None)
    if unnamed and not states:
        return [unnamed]
    for state in unnamed.ranks.values() if unnamed else ():
        _adopt(list(states.values()), state)
    return list(states.values())


def _adopt(groups: list[GroupState], state: RankState) -> None:
    """Give a timeout without its group (torch 2.11 prints none) to the group it belongs to.

    That is the one whose later lines name the same work on the same rank, or the only one.
    """
    same = [g for g in groups if state.rank in g.ranks and g.ranks[state.rank].at == state.seq]
    for group in same or (groups if len(groups) == 1 else []):
        known = group.ranks.setdefault(state.rank, RankState(state.rank))
        known.waiting, known.op = state.waiting, state.op
        known.seq, known.numel = state.seq, state.numel


def meaning_of(op: str) -> str:
    """What DeepSpeed uses the collective for, or nothing."""
    return MEANINGS.get(op, "")


def is_whole_job(state: GroupState) -> bool:
    """Is it the default group, of which every rank is a member?"""
    return state.name in ("", "0", "default_pg") or state.name.startswith("0(")


def names_of(states: Sequence[RankState]) -> list[int]:
    """The ranks of some states."""
    return [state.rank for state in states]


def _take(states: dict[str, GroupState], incident: Incident) -> None:
    """Add what one line says."""
    rank = incident.origin.rank
    if rank is None:
        return
    name = _name_of(incident.text)
    group = states.setdefault(name, GroupState(name))
    state = group.ranks.setdefault(rank, RankState(rank))
    fields = incident.fields
    if incident.rule.code == "DSN001" and state.waiting is None:
        numel = _NUMEL.search(incident.text)
        state.waiting, state.op = incident, fields.get("op", "")
        state.seq = _number(fields.get("seq"))
        state.numel = int(numel[1]) if numel else None
    if incident.rule.code == "DSN002" and "seq" in fields:
        state.at = _number(fields["seq"])
    if "enqueued" in fields:
        state.enqueued = _number(fields["enqueued"])
        state.completed = _number(fields.get("completed"))
        state.witness = incident


def _name_of(text: str) -> str:
    """The process group that a line names; empty for the lines that do not (torch before 2.3)."""
    match = _GROUP.search(text)
    return (match[2] or match[1]) if match else ""


def _number(value: str | None) -> int | None:
    return int(value) if value and value.lstrip("-").isdecimal() else None
