"""The communicators that NCCL's lines tell of: which ranks began to form one, which finished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dsdoctor.logs.facts import Fact

Process = tuple[str, int | None]
"""Host (or file, where no host is known) and process id."""

MAX_RANKS = 65_536
"""A larger number of ranks is a damaged line, not a job."""


@dataclass(slots=True)
class Member:
    """One rank of a communicator. ``rank`` is its number within it.

    ``done`` is the line that says that it finished, ``seconds`` how long that took.
    """

    rank: int
    process: Process
    device: int
    bus: str
    started: Fact | None = None
    done: Fact | None = None
    seconds: float | None = None

    @property
    def host(self) -> str:
        """The host it runs on, empty if unknown."""
        fact = self.started or self.done
        return (fact.origin.host if fact else None) or ""

    @property
    def stuck(self) -> bool:
        """Did it start and not finish, as far as the log goes?"""
        return self.started is not None and self.done is None


@dataclass(frozen=True, slots=True)
class Communicator:
    """The ranks that form a communicator together, by rank. ``name`` is NCCL's id if it has one."""

    name: str
    nranks: int
    members: tuple[Member, ...]

    @property
    def complete(self) -> bool:
        """Did all its ranks say that they finished?"""
        return len(self.members) == self.nranks and all(item.done for item in self.members)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of its members."""
        return tuple(sorted({member.host for member in self.members}))

    @property
    def seconds(self) -> float | None:
        """How long the slowest rank took."""
        return max(
            (item.seconds for item in self.members if item.seconds is not None), default=None
        )

    def unseen(self) -> list[int]:
        """The ranks of which there is no line."""
        return sorted(set(range(self.nranks)) - {member.rank for member in self.members})


def communicators_of(facts: Iterable[Fact]) -> tuple[Communicator, ...]:
    """Put the lines of all ranks together, in the order of the first line of each communicator."""
    groups: dict[tuple[str, ...], dict[int, Member]] = {}
    for fact, member in _members(facts):
        key = _key(fact, groups, member)
        groups.setdefault(key, {})[member.rank] = member
    return tuple(
        Communicator(key[1] if key[0] == "id" else "", int(key[2]), _by_rank(ranks))
        for key, ranks in groups.items()
    )


def _by_rank(members: dict[int, Member]) -> tuple[Member, ...]:
    return tuple(member for _, member in sorted(members.items()))


def process_of(fact: Fact) -> Process:
    """Who wrote a line."""
    return fact.origin.host or fact.source, fact.origin.pid


def _members(facts: Iterable[Fact]) -> Sequence[tuple[Fact, Member]]:
    """Each rank's part in each communicator, with the first line about it."""
    found: list[tuple[Fact, Member]] = []
    by_pointer: dict[tuple[Process, str, str], Member] = {}
    latest: dict[tuple[Process, str, str], Member] = {}
    for fact in facts:
        fields, process = fact.fields, process_of(fact)
        shape = (process, fields.get("rank", ""), fields.get("nranks", ""))
        if fact.kind == "nccl-timings":
            _time(latest.get(shape), fact)
        elif fact.kind in ("nccl-start", "nccl-complete") and _sane(fact):
            pointer = (process, fields["comm"], fields["rank"])
            member = by_pointer.get(pointer)
            if member is None or _is_next(member, fact):
                member = Member(int(fields["rank"]), process, int(fields["device"]), fields["bus"])
                by_pointer[pointer] = latest[shape] = member
                found.append((fact, member))
            _note(member, fact)
    return found


def _sane(fact: Fact) -> bool:
    return int(fact.fields["rank"]) < int(fact.fields["nranks"]) <= MAX_RANKS


def _is_next(member: Member, fact: Fact) -> bool:
    """Is it a new communicator at an address used before, and not a copy of the same line?"""
    first = member.started
    return fact.kind == "nccl-start" and first is not None and first.source == fact.source


def _note(member: Member, fact: Fact) -> None:
    """Take in a line about the start or the end."""
    if fact.kind == "nccl-start":
        member.started = member.started or fact
        return
    member.done = member.done or fact
    if member.started and member.started.origin.time and fact.origin.time:
        took = (fact.origin.time - member.started.origin.time).total_seconds()
        member.seconds = took if took >= 0 else None


def _time(member: Member | None, fact: Fact) -> None:
    """NCCL's own measure is finer; and its line proves the end where the other one was torn."""
    if member is not None:
        member.seconds = float(fact.fields["seconds"])
        member.done = member.done or fact


def _key(
    fact: Fact, groups: dict[tuple[str, ...], dict[int, Member]], member: Member
) -> tuple[str, ...]:
    """What the ranks of a communicator have in common.

    Before 2.17 that is the number of ranks alone, and the order in which a process forms them.
    """
    fields, nranks = fact.fields, fact.fields["nranks"]
    if int(fields.get("id", "0"), 16):
        return "id", fields["id"], nranks
    kind = f"{fields['split']} {fields['color']}" if "color" in fields and "split" in fields else ""
    number = 0
    while member.rank in groups.get(("nth", f"{kind} {number}", nranks), {}):
        number += 1
    return "nth", f"{kind} {number}", nranks


def by_process(communicators: Iterable[Communicator]) -> dict[Process, list[Member]]:
    """What each process took part in, in order."""
    result: dict[Process, list[Member]] = defaultdict(list)
    for communicator in communicators:
        for member in communicator.members:
            result[member.process].append(member)
    return result
