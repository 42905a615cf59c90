"""The network interfaces, and which of them NCCL and Gloo will take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.network import Interface
from dsdoctor.probes.interface_choice import chosen_by_nccl, leads_nowhere, matching, usable
from dsdoctor.probes.launch import host_count, proof, variable
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

NCCL_NONE, NCCL_NOWHERE, GLOO_NONE = "DSN020", "DSN023", "DSN017"
_NCCL = ("NCCL_OOB_NET_IFNAME", "NCCL_SOCKET_IFNAME")
_GLOO = "GLOO_SOCKET_IFNAME"
MAX_NAMED = 8


def look(site: Site) -> Reading:
    """What is there, and what the variables make of it."""
    found = site.network.interfaces()
    several = host_count(site) > 1
    complaints = (*_nccl(site, found, several), *_gloo(site, found))
    real = [item for item in usable(found) if not leads_nowhere(item)]
    taken = chosen_by_nccl(variable(site, "NCCL_SOCKET_IFNAME"), found)
    facts: dict[str, Any] = {
        "interfaces": {
            item.name: {"mtu": item.mtu, "speed": item.speed, "kind": item.kind} for item in real
        },
        "nccl": [item.name for item in taken],
    }
    return Reading(_summary(real), complaints, facts)


def _nccl(site: Site, found: Sequence[Interface], several: bool) -> Iterable[Complaint]:
    """One complaint a variable; the bootstrap's own variable is new in NCCL 2.28 or so."""
    told = False
    for name in _NCCL:
        value = variable(site, name)
        if len(value) < 2:
            continue
        taken = matching(value, usable(found))
        if not taken:
            told = True
            values = {"name": name, "value": value[:80], "detail": _why(value, found)}
            yield Complaint(NCCL_NONE, values, (proof(f"{name}={value}"),))
        elif several and all(map(leads_nowhere, taken)):
            told = True
            yield _nowhere(f"{name}={value[:80]} allows only", taken)
    taken = chosen_by_nccl("", found)
    free = several and not told and not variable(site, _NCCL[1])
    if free and taken and all(map(leads_nowhere, taken)):
        yield _nowhere("there is only", taken)


def _nowhere(why: str, taken: Sequence[Interface]) -> Complaint:
    detail = f"{why} {_names(taken)}"
    shown = "; ".join(f"{item.name} {' '.join(item.addresses)}" for item in taken[:MAX_NAMED])
    return Complaint(NCCL_NOWHERE, {"detail": detail}, (proof(shown, "/sys/class/net"),))


def _why(value: str, found: Sequence[Interface]) -> str:
    """Not there at all, or there and of no use."""
    hits = matching(value, found)
    if not hits or value.startswith("^"):
        return f"usable are {_names(usable(found))}"
    first = hits[0]
    if not first.up:
        return f"{first.name} is switched off"
    return f"{first.name} has no {'address' if first.carrier else 'link'}"


def _gloo(site: Site, found: Sequence[Interface]) -> Iterable[Complaint]:
    """Gloo takes exact names, which torch splits at commas."""
    value = variable(site, _GLOO)
    if len(value) < 2:
        return
    here = {item.name: item for item in found}
    for name in value.split(","):
        item = here.get(name)
        if item is not None and item.up and item.addresses:
            continue
        values = {"interface": name[:40] or "(empty)", "detail": _gloo_why(name, item, found)}
        # a job whose only backend is NCCL never asks Gloo
        yield Complaint(GLOO_NONE, values, (proof(f"{_GLOO}={value}"),), Severity.ERROR)
        return


def _gloo_why(name: str, item: Interface | None, found: Sequence[Interface]) -> str:
    if name.startswith(("^", "=")):
        return "Gloo takes exact names, not NCCL's lists"
    if item is None:
        return f"it is not there; usable are {_names(usable(found))}"
    return "it has no address" if item.up else "it is switched off"


def _names(items: Sequence[Interface]) -> str:
    names = ", ".join(item.name for item in items[:MAX_NAMED]) or "none"
    return names + (f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else "")


def _summary(real: Sequence[Interface]) -> str:
    """``eth0 100 Gb/s, ib0 400 Gb/s``."""
    told = [_told(item) for item in real[:4]]
    more = f" and {len(real) - 4} more" if len(real) > 4 else ""
    return ", ".join(told) + more if told else "no interface that leads to another machine"


def _told(item: Interface) -> str:
    return f"{item.name} {item.speed / 1000:g} Gb/s" if item.speed else item.name


PROBES: tuple[Probe, ...] = (Probe("interfaces", "network interfaces", look),)
