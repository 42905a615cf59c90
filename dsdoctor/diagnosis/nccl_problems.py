"""Slow or mixed set-ups that NCCL's start-up lines show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsdoctor.diagnosis.nccl_communicators import process_of
from dsdoctor.diagnosis.nccl_hosts import HostNetwork
from dsdoctor.diagnosis.nccl_table import NcclTable
from dsdoctor.knowledge.nccl_variables import LOCAL, REMOTE
from dsdoctor.logs.facts import Fact
from dsdoctor.model import Confidence

SOCKET_FALLBACK = "DSN070"
VERSIONS_MIXED = "DSN072"
ENVIRONMENT = "DSN073"

MAX_NAMED = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding to be: the rule, what its message says, the lines that show it."""

    code: str
    confidence: Confidence
    values: Mapping[str, str]
    facts: tuple[Fact, ...]
    ranks: tuple[int, ...] = ()
    hosts: tuple[str, ...] = field(default=())


def socket_fallback(table: NcclTable) -> Problem | None:
    """Hosts that talk TCP though faster hardware is there, or was asked for."""
    if not table.many_hosts:
        return None
    slow = [host for host in table.hosts if _socket(host) is not None]
    found = [(host, reason) for host in slow if (reason := _reason(host, table))]
    if not found:
        return None
    facts = [fact for host, (_, why) in found for fact in (_socket(host), why) if fact]
    names = tuple(host.host for host, _ in found)
    values = {"host": names_of(names), "detail": found[0][1][0]}
    return Problem(SOCKET_FALLBACK, Confidence.LIKELY, values, tuple(facts), hosts=names)


def _socket(host: HostNetwork) -> Fact | None:
    """The line that says that it uses sockets."""
    return next((fact for name, fact in host.networks.items() if name.lower() == "socket"), None)


def _reason(host: HostNetwork, table: NcclTable) -> tuple[str, Fact] | None:
    """Why sockets are not what they should be, with the line that shows it."""
    for other in table.hosts:
        if other is not host and other.networks and _socket(other) is None:
            name, fact = next(iter(other.networks.items()))
            return f"{other.host} uses {name}", fact
    if _chosen(host):
        return None
    if host.ib and host.devices:
        links = "/".join(sorted(set(host.devices.values())))
        return f"{len(host.devices)} {links} devices were found", host.ib
    if host.plugin_failed:
        return "the libfabric plugin (EFA) failed to start", host.plugin_failed
    return _missed(host)


def _missed(host: HostNetwork) -> tuple[str, Fact] | None:
    """No device was found, though a setting or an interface says that there is one."""
    if host.no_ib and "NCCL_IB_HCA" in host.settings:
        asked = host.setting("NCCL_IB_HCA")
        return f"NCCL_IB_HCA asks for {asked}, of which none was found", host.no_ib
    if host.no_ib and host.interface.startswith("ib"):
        return f"its interface {host.interface} is InfiniBand", host.no_ib
    return None


def _chosen(host: HostNetwork) -> bool:
    """Was TCP asked for?"""
    return any(host.setting(name) in REMOTE[name][0] for name in ("NCCL_IB_DISABLE", "NCCL_NET"))


def versions_mixed(table: NcclTable) -> Problem | None:
    """Processes with different NCCL versions; certain only if they form a communicator."""
    first: dict[str, Fact] = {}
    for fact in table.releases:
        if all(process_of(fact) != process_of(other) for other in first.values()):
            first.setdefault(fact.fields["release"], fact)
    if len(first) < 2:
        return None
    names = [f"{release} on {process_of(fact)[0]}" for release, fact in first.items()]
    processes = {process_of(fact) for fact in first.values()}
    together = any(
        len(processes & {member.process for member in item.members}) > 1
        for item in table.communicators
    )
    sure = Confidence.LIKELY if together else Confidence.POSSIBLE
    hosts = tuple(sorted({fact.origin.host for fact in first.values() if fact.origin.host}))
    values = {"detail": ", ".join(names[:MAX_NAMED])}
    return Problem(VERSIONS_MIXED, sure, values, tuple(first.values()), hosts=hosts)


def environment(table: NcclTable) -> Problem | None:
    """Variables that take fast paths away, where the job would use these paths."""
    told: dict[str, str] = {}
    facts, hosts = [], set()
    for host in table.hosts:
        for name, (bad, effect) in _relevant(table).items():
            if host.setting(name) in bad:
                told.setdefault(f"{name}={host.setting(name)}", effect)
                facts.append(host.settings[name])
                hosts.add(host.host)
    if not told:
        return None
    values = {"detail": ", ".join(f"{name} ({effect})" for name, effect in told.items())}
    found = tuple(sorted(hosts))
    return Problem(ENVIRONMENT, Confidence.CERTAIN, values, tuple(facts), hosts=found)


def _relevant(table: NcclTable) -> dict[str, tuple[set[str], str]]:
    """The variables that matter to a job of this shape; all where the shape is unknown."""
    known = bool(table.communicators)
    crowded = any(len(item.members) > len(item.hosts) for item in table.communicators)
    local = LOCAL if crowded or not known else {}
    return local | (REMOTE if table.many_hosts else {})


def names_of(hosts: tuple[str, ...]) -> str:
    """Some host names, cut where there are many."""
    more = f" and {len(hosts) - MAX_NAMED} more" if len(hosts) > MAX_NAMED else ""
    return ", ".join(hosts[:MAX_NAMED]) + more
