"""What this host's name and the master address lead to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.launch import (
    NAMED_MASTERS,
    host_count,
    option,
    overrides_variables,
    proof,
    variable,
)
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

LOOPBACK, UNRESOLVED, MASTER_LOOPBACK = "DSN018", "DSL005", "DSL067"
BUDGET = 12.0
"""A resolver may need 3 s for each name, and answers one probe after the other."""


def look(site: Site) -> Reading:
    """The own name, and the master's if anybody named one."""
    name = site.network.name()
    own = site.network.resolve(name)
    complaints = (*_own(site, name, own), *_master(site))
    kind = "nothing" if not own else "loopback" if _loopback(own) else "an address"
    return Reading(f"{name} is {_shown(own)}", complaints, {"name leads to": kind})


def _own(site: Site, name: str, own: Sequence[str]) -> Iterable[Complaint]:
    """Only Gloo asks for it, and only where no variable names an interface."""
    if host_count(site) < 2 or variable(site, "GLOO_SOCKET_IFNAME"):
        return
    if own and not _loopback(own):
        return
    values = {"name": name, "detail": _shown(own)}
    shown = (proof(f"{name}: {_shown(own)}", "getaddrinfo"),)
    # a job whose only backend is NCCL does not ask Gloo
    yield Complaint(LOOPBACK, values, shown, Severity.INFO)


def _master(site: Site) -> Iterable[Complaint]:
    master, source = master_of(site)
    if not master:
        return
    found = site.network.resolve(master)
    hosts = host_count(site)
    values = {"master": master[:80], "source": source, "hosts": str(hosts)}
    shown = (proof(f"{source}: {master}"), proof(f"{master}: {_shown(found)}", "getaddrinfo"))
    # without a launch line nobody knows whether the launcher reads the variable
    severity = None if site.job and site.job.launch else Severity.ERROR
    if not found:
        yield Complaint(UNRESOLVED, values, shown, severity)
    elif hosts > 1 and _loopback(found):
        # the master listens on all its addresses; what others make of its name is their matter
        level = Severity.INFO if master == site.network.name() else severity
        yield Complaint(MASTER_LOOPBACK, {**values, "addresses": _shown(found)}, shown, level)


def master_of(site: Site) -> tuple[str, str]:
    """The master address and who says it; both empty where the launcher finds it out itself."""
    for name in NAMED_MASTERS:
        if given := option(site, name):
            return given, f"--{name}"
    if endpoint := option(site, "rdzv_endpoint"):
        return endpoint.rpartition(":")[0].strip("[]") or endpoint, "--rdzv_endpoint"
    if overrides_variables(site):
        return "", ""
    given = variable(site, "MASTER_ADDR")
    return (given, "MASTER_ADDR") if given else ("", "")


def _loopback(addresses: Sequence[str]) -> bool:
    """Do they all mean the machine itself?"""
    return bool(addresses) and all(map(_own_address, addresses))


def _own_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _shown(addresses: Sequence[str]) -> str:
    return ", ".join(addresses[:4]) or "no address"


PROBES: tuple[Probe, ...] = (Probe("hostname", "host name", look, budget=BUDGET),)
