"""What NCCL uses on each host: network, paths between GPUs, variables that change them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dsdoctor.logs.facts import Fact

_DEVICE = re.compile(r"\b([\w.-]+):\d+/(\w+)")


@dataclass(slots=True)
class HostNetwork:
    """One host. The values of the mappings are the lines that tell.

    ``networks`` are what communicators use ("IB", "Socket", "AWS Libfabric"), ``devices`` the
    InfiniBand and RoCE devices found with their link layer, ``paths`` the transports seen,
    ``settings`` the variables that NCCL says it took from the environment.
    ``p2p``, ``nvls`` and ``gdr`` are None where nothing tells.
    """

    host: str
    networks: dict[str, Fact] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    paths: dict[str, Fact] = field(default_factory=dict)
    settings: dict[str, Fact] = field(default_factory=dict)
    warnings: list[Fact] = field(default_factory=list)
    interface: str = ""
    p2p: bool | None = None
    nvls: bool | None = None
    gdr: bool | None = None
    ib: Fact | None = None
    no_ib: Fact | None = None
    plugin_failed: Fact | None = None

    def setting(self, name: str) -> str:
        """The value of a variable, empty if NCCL does not mention it."""
        fact = self.settings.get(name)
        return fact.fields["value"] if fact else ""

    @property
    def shm(self) -> bool | None:
        """Does data go through shared memory between some GPUs?"""
        return "SHM" in self.paths if self.paths else None


def hosts_of(facts: Iterable[Fact]) -> tuple[HostNetwork, ...]:
    """Gather what is told of each host, by name."""
    result: dict[str, HostNetwork] = {}
    for fact in facts:
        name = fact.origin.host
        if name and fact.kind in _TAKE:
            _TAKE[fact.kind](result.setdefault(name, HostNetwork(name)), fact)
    return tuple(host for _, host in sorted(result.items()))


def _network(host: HostNetwork, fact: Fact) -> None:
    host.networks.setdefault(fact.fields["network"], fact)


def _interface(host: HostNetwork, fact: Fact) -> None:
    host.interface = host.interface or fact.fields["interface"]


def _ib(host: HostNetwork, fact: Fact) -> None:
    host.ib = host.ib or fact
    host.devices.update(dict(_DEVICE.findall(fact.fields["devices"])))


def _no_ib(host: HostNetwork, fact: Fact) -> None:
    host.no_ib = host.no_ib or fact


def _plugin(host: HostNetwork, fact: Fact) -> None:
    host.plugin_failed = host.plugin_failed or fact


def _setting(host: HostNetwork, fact: Fact) -> None:
    host.settings.setdefault(fact.fields["name"], fact)


def _path(host: HostNetwork, fact: Fact) -> None:
    """A path that is used says more than a check of what would be possible."""
    host.paths.setdefault(fact.fields["path"], fact)
    if fact.fields["path"] == "P2P":
        host.p2p = True
    if fact.fields["path"].startswith("NET/"):
        host.gdr = bool(host.gdr) or "gdr" in fact.fields


def _p2p(host: HostNetwork, fact: Fact) -> None:
    if host.p2p is None:
        host.p2p = fact.fields.get("direct") == "1"


def _nvls(host: HostNetwork, fact: Fact) -> None:
    host.nvls = bool(host.nvls) or fact.fields["state"] == "available"


def _gdr(host: HostNetwork, fact: Fact) -> None:
    host.gdr = bool(host.gdr) or fact.fields["state"] == "Enabled"


def _warning(host: HostNetwork, fact: Fact) -> None:
    host.warnings.append(fact)


_TAKE = {
    "nccl-network": _network,
    "nccl-bootstrap": _interface,
    "nccl-socket": _interface,
    "nccl-ib": _ib,
    "nccl-no-ib": _no_ib,
    "nccl-plugin-failed": _plugin,
    "nccl-env": _setting,
    "nccl-path": _path,
    "nccl-p2p": _p2p,
    "nccl-p2p-off": _p2p,
    "nccl-nvls": _nvls,
    "nccl-gdr": _gdr,
    "nccl-warning": _warning,
}
