"""Which hosts and slots a job uses: ``deepspeed --include, --exclude, --num_nodes, --num_gpus``.

As parse_resource_filter and apply_num_nodes_and_gpus of DeepSpeed 0.19.8 (launcher/runner.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.job.hosts import Host, HostProblem, Hosts
from dsdoctor.job.place import Place

MAX_FILTER = 64 * 1024
MAX_GPUS = 4096

Named = dict[str, list[int]]


def parse_filter(text: str) -> Named:
    """Host to slots of ``worker-0@worker-1:0,2``; no slots stand for all of them.

    Raises:
        ValueError: DeepSpeed's parse_node_config fails on this text.
    """
    if len(text) > MAX_FILTER:
        raise ValueError("too long for a list of hosts")
    named: dict[str, set[int]] = {}
    for part in text.split("@"):
        name, colon, slots = part.partition(":")
        numbers = named.setdefault(name, set())
        if colon:
            numbers.update(_number(slot, part) for slot in slots.split(","))
    return {name: sorted(numbers) for name, numbers in named.items()}


def select(hosts: Hosts, include: str = "", exclude: str = "", place: Place | None = None) -> Hosts:
    """The hosts left by ``--include`` or ``--exclude``.

    ``place`` is where the filters were written. What DeepSpeed refuses is in ``problems``.
    """
    where = place or Place("--include" if include else "--exclude")
    if include and exclude:
        text = "--include and --exclude cannot be used together"
        return _with(hosts, hosts.hosts, [HostProblem(where, text, "both-filters")])
    if not include and not exclude:
        return hosts
    problems: list[HostProblem] = []
    named = _known(hosts, include or exclude, where, problems)
    kept = []
    for host in hosts.hosts:
        slots = _kept(host, named, bool(include))
        if slots:
            kept.append(Host(host.name, slots, host.place))
    if not kept and not problems:
        problems.append(HostProblem(where, "no GPU is left", "nothing-left"))
    return _with(hosts, tuple(kept), problems)


def trim(
    hosts: Hosts,
    num_nodes: int = -1,
    num_gpus: int = -1,
    filtered: bool = False,
    place: Place | None = None,
) -> Hosts:
    """The hosts left by ``--num_nodes`` and ``--num_gpus``.

    DeepSpeed takes ``--num_gpus`` slots on every host, also where the file has fewer. ``filtered``
    says that --include or --exclude was given, which DeepSpeed refuses beside these.
    """
    where = place or Place("--num_nodes" if num_nodes >= 0 else "--num_gpus")
    problems = []
    if filtered and (num_nodes >= 0 or num_gpus >= 0):
        text = "--num_nodes and --num_gpus cannot be used with --include or --exclude"
        problems.append(HostProblem(where, text, "count-with-filter"))
    left = hosts.hosts[:num_nodes] if num_nodes > 0 else hosts.hosts
    if num_gpus > 0:
        slots = range(min(num_gpus, MAX_GPUS))
        left = tuple(Host(host.name, slots, host.place) for host in left)
    return _with(hosts, left, problems)


def _number(slot: str, part: str) -> int:
    """A slot's number, read as Python's ``int`` reads it: spaces around it do not matter."""
    try:
        return int(slot)
    except ValueError:
        raise ValueError(
            f"not a host and its slots: {part[:80]!r}; it reads worker-1:0,2, hosts apart by @"
        ) from None


def _known(hosts: Hosts, text: str, where: Place, problems: list[HostProblem]) -> Named:
    """What the filter names; what these hosts do not have becomes a problem."""
    try:
        named = parse_filter(text)
    except ValueError as error:
        problems.append(HostProblem(where, str(error), "bad-filter"))
        return {}
    known = {host.name: host for host in hosts.hosts}
    for name, slots in named.items():
        host = known.get(name)
        if host is None:
            message = f"host {name[:80]!r} is not in {hosts.name}"
            problems.append(HostProblem(where, message, "unknown-host"))
            continue
        for slot in sorted(set(slots) - set(host.slots)):
            message = f"host {name[:80]} has no slot {slot}; it has {len(host.slots)}, from 0"
            problems.append(HostProblem(where, message, "unknown-slot"))
    return named


def _kept(host: Host, named: Named, include: bool) -> Sequence[int]:
    """The slots left on one host. A host named without slots is named with all of them."""
    slots = named.get(host.name)
    if slots is None:
        return () if include else host.slots
    chosen = set(slots or host.slots)
    return tuple(slot for slot in host.slots if (slot in chosen) is include)


def _with(hosts: Hosts, left: tuple[Host, ...], problems: list[HostProblem]) -> Hosts:
    return Hosts(hosts.name, left, (*hosts.problems, *problems))
