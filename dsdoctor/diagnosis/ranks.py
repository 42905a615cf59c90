"""Who is who: process ids, local ranks and ranks, from what the launcher printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin


@dataclass(slots=True)
class RankMap:
    """What is known about the ranks of a job.

    ``local_of_pid`` comes from launch.py's spawn lines, ``named`` from lines that name a pid and
    its local rank together; ``one_host`` is true where a local rank is the rank. ``unnumbered``
    are processes that were spawned with ``--no_local_rank``, ``stopped`` those that the launcher
    ended, both in order.
    """

    world_size: int | None = None
    one_host: bool = True
    local_of_pid: dict[int, int] = field(default_factory=dict)
    named: dict[int, int] = field(default_factory=dict)
    exited: dict[int, tuple[str, int]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    on_host: dict[str, set[int]] = field(default_factory=dict)
    unnumbered: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)

    @property
    def size(self) -> int | None:
        """The world size; where none is printed (torchrun), the ranks seen if they have no gap."""
        whole = self.seen == set(range(len(self.seen))) and len(self.seen) > 1
        return self.world_size or (len(self.seen) if whole else None)

    def complete(self, origin: Origin) -> Origin:
        """Fill in what follows: a pid's local rank, a lone host's rank, a lone rank."""
        local = {**self.named, **self.local_of_pid}.get(origin.pid or 0)
        if origin.local_rank is None and origin.rank is None and local is not None:
            origin = replace(origin, local_rank=local)
        if origin.rank is None and origin.local_rank is not None and self.one_host:
            origin = replace(origin, rank=origin.local_rank)
        if origin.rank is None and self.world_size == 1 and origin.host is None:
            origin = replace(origin, rank=0)
        return origin


def rank_map(records: Iterable[LogRecord]) -> RankMap:
    """Read the launcher's lines of all logs."""
    result = RankMap()
    hosts: set[str] = set()
    for record in records:
        hosts |= {event.writer.host for event in record.events if event.writer.host}
        _learn_marks(result, record)
        for event in record.events:
            _learn_pid(result, event.origin)
        for fact in record.facts:
            _learn(result, fact.kind, fact.fields, (record.name, fact.line))
    result.one_host = result.one_host and len(hosts) < 2
    _number(result)
    return result


def _learn_marks(result: RankMap, record: LogRecord) -> None:
    """Which ranks spoke, and on which host they ran, by the marks of their lines."""
    origins = [item.writer for item in record.events]
    origins += [item.origin for item in record.progress]
    origins += [line.origin for line in record.tail]
    origins += [item.origin for item in record.tracebacks]
    for origin in origins:
        if origin.rank is not None:
            result.seen.add(origin.rank)
            if origin.host:
                result.on_host.setdefault(origin.host, set()).add(origin.rank)


def _learn_pid(result: RankMap, origin: Origin) -> None:
    """torchrun names a pid with its local rank once, and elsewhere the pid alone."""
    if origin.pid is not None and origin.local_rank is not None:
        result.named.setdefault(origin.pid, origin.local_rank)


def _number(result: RankMap) -> None:
    """launch.py starts its processes in the order of their local ranks, and ends them so too."""
    if not result.one_host or result.local_of_pid:
        return
    if len(result.unnumbered) == result.world_size:
        result.local_of_pid = {pid: local for local, pid in enumerate(result.unnumbered)}
    elif len(result.stopped) == result.size:
        result.named |= {pid: local for local, pid in enumerate(result.stopped)}


def _learn(result: RankMap, kind: str, fields: dict[str, str], place: tuple[str, int]) -> None:
    """Take in one fact."""
    if kind == "world":
        result.world_size = max(result.world_size or 0, int(fields["world_size"]))
    elif kind == "nodes":
        result.one_host = result.one_host and fields["nodes"] == "1"
        if fields["nodes"] == "1":
            result.world_size = max(result.world_size or 0, int(fields["local"]))
    elif kind == "spawned" and "local_rank" in fields:
        result.local_of_pid[int(fields["pid"])] = int(fields["local_rank"])
    elif kind == "spawned":
        result.unnumbered.append(int(fields["pid"]))
    elif kind == "stopping":
        result.stopped.append(int(fields["pid"]))
    elif kind == "exited":
        result.exited[int(fields["pid"])] = place
