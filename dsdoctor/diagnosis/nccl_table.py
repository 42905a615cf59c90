"""What the NCCL_DEBUG output of a job says, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dsdoctor.diagnosis.incidents import UNRECOGNISED
from dsdoctor.diagnosis.nccl_communicators import Communicator, Process, communicators_of
from dsdoctor.diagnosis.nccl_hosts import HostNetwork, hosts_of
from dsdoctor.logs.facts import Fact
from dsdoctor.logs.reader import MAX_FACTS
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import ranks_named

MAX_LINES = 8


@dataclass(frozen=True, slots=True)
class NcclTable:
    """Communicators, hosts and versions; and what else of the logs is needed to judge them.

    ``releases`` are the lines that name NCCL's version. ``world`` is the number of ranks of the
    job if it is known, ``nodes`` how many hosts the widest communicator says it has. ``moved``
    gives the last line with progress of each file, ``trouble`` the last line of each problem in
    each file, ``spawned`` how many processes a launcher started into a file. ``ended`` says
    that some process ended well, ``cut`` that lines were left out, ``torn`` which of the words
    START and COMPLETE stand in lines that other output cut in two.
    """

    communicators: tuple[Communicator, ...] = ()
    hosts: tuple[HostNetwork, ...] = ()
    releases: tuple[Fact, ...] = ()
    world: int = 0
    nodes: int = 0
    moved: Mapping[str, int] = field(default_factory=dict)
    trouble: Mapping[tuple[str, str], int] = field(default_factory=dict)
    spawned: Mapping[str, int] = field(default_factory=dict)
    ended: bool = False
    cut: bool = False
    torn: frozenset[str] = frozenset()

    @property
    def many_hosts(self) -> bool:
        """Does one communicator reach over several hosts?"""
        if self.nodes > 1 or not self.communicators:
            return self.nodes > 1 or len(self.hosts) > 1
        # without an id, only ranks of the whole job are certain to belong together
        sure = (item for item in self.communicators if item.name or self.is_whole(item))
        return any(len(item.hosts) > 1 for item in sure)

    def is_whole(self, communicator: Communicator) -> bool:
        """Is it one of all ranks, so that its ranks are those of the job?"""
        return communicator.nranks == self.world

    def job_ranks(self) -> dict[Process, int]:
        """The job's rank of each process that is in a communicator of all ranks."""
        return {
            member.process: member.rank
            for item in self.communicators
            if self.is_whole(item)
            for member in item.members
        }


def nccl_table(records: Sequence[LogRecord]) -> NcclTable:
    """Read the NCCL facts of all logs."""
    facts = [fact for record in records for fact in record.facts]
    told = [fact for fact in facts if fact.kind.startswith("nccl-")]
    if not told:
        return NcclTable()
    communicators = communicators_of(told)
    widest = max((item.nranks for item in communicators), default=0)
    return NcclTable(
        communicators=communicators,
        hosts=hosts_of(told),
        releases=tuple(fact for fact in told if fact.kind == "nccl-release"),
        world=max((_number(fact, "world_size") for fact in facts), default=0) or widest,
        nodes=max((_number(fact, "nodes") for fact in told), default=0),
        moved={item.name: item.progress[-1].line for item in records if item.progress},
        trouble=_trouble(records),
        spawned={item.name: _count(item.facts, "spawned") for item in records},
        ended=any(_count(item.facts, "finished", "exited") for item in records),
        cut=any(len(record.facts) >= MAX_FACTS for record in records),
        torn=frozenset(fact.fields["word"] for fact in told if fact.kind == "nccl-torn"),
    )


def nccl_lines(table: NcclTable) -> tuple[str, ...]:
    """The table in words: one line for each communicator of all ranks and for each host."""
    whole = [item for item in table.communicators if table.is_whole(item)]
    hosts = [line for host in table.hosts if (line := _of_host(host))]
    return (*map(_of_communicator, whole[:MAX_LINES]), *hosts[:MAX_LINES])


def _of_communicator(item: Communicator) -> str:
    took = f" after {item.seconds:.1f} s" if item.seconds is not None else ""
    done = ranks_named([member.rank for member in item.members if member.done]) or "none"
    state = f"complete{took}" if item.complete else f"complete on rank {done}"
    gpus = ranks_named(sorted({member.device for member in item.members}))
    hosts = ", ".join(filter(None, item.hosts[:4])) + (" ..." if len(item.hosts) > 4 else "")
    return f"NCCL communicator of {item.nranks} ranks, GPUs {gpus} on {hosts}: {state}"


def _of_host(host: HostNetwork) -> str:
    names = {"P2P": host.p2p, "SHM": host.shm, "NVLS": host.nvls, "GPUDirect RDMA": host.gdr}
    switches = [f"{name} {'on' if on else 'off'}" for name, on in names.items() if on is not None]
    links = "/".join(sorted(set(host.devices.values())))
    network = ", ".join(host.networks) + (f" ({len(host.devices)} x {links})" if links else "")
    via = f" by {host.interface}" if host.interface else ""
    settings = [f"{name}={host.setting(name)}" for name in sorted(host.settings)]
    parts = list(filter(None, [f"{network}{via}", *switches, *settings]))
    return f"{host.host}: " + "; ".join(parts) if parts else ""


def _number(fact: Fact, name: str) -> int:
    return int(fact.fields.get(name, "0"))


def _count(facts: Iterable[Fact], *kinds: str) -> int:
    return sum(fact.kind in kinds for fact in facts)


def _trouble(records: Sequence[LogRecord]) -> dict[tuple[str, str], int]:
    """The last line of each rule's matches in each file; tracebacks count as unrecognised."""
    result: dict[tuple[str, str], int] = {}
    for record in records:
        for event in record.events:
            key = (record.name, event.rule)
            result[key] = max(result.get(key, 0), event.line, event.last_line)
        if record.tracebacks:
            result[record.name, UNRECOGNISED] = record.tracebacks[-1].last_line
    return result
