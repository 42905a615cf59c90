"""Which network interfaces NCCL takes: its own rules, from misc/socket.cc."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from dsdoctor.probes.clients.network import Interface

_AUTOMATIC = ("ib", "^docker,lo,virbr", "docker", "lo", "virbr")
"""What NCCL tries in this order where nobody named an interface."""
_USELESS = ("docker", "lo", "virbr", "veth", "cni", "flannel")
"""Interfaces whose addresses mean nothing to another machine."""


def usable(interfaces: Sequence[Interface]) -> list[Interface]:
    """Those that NCCL looks at: running, with an address."""
    return [item for item in interfaces if item.up and item.carrier and item.addresses]


def matching(value: str, interfaces: Sequence[Interface]) -> list[Interface]:
    """The interfaces that a value such as ``eth,ib``, ``=eth0`` or ``^docker,lo`` allows."""
    exclude = value.startswith("^")
    rest = value[exclude:]
    exact = rest.startswith("=")
    names = [name.partition(":")[0] for name in rest[exact:].split(",") if name]
    return [item for item in interfaces if _named(item.name, names, exact) != exclude]


def _named(name: str, wanted: Sequence[str], exact: bool) -> bool:
    if not wanted:
        return True
    return any(name == item if exact else name.startswith(item) for item in wanted)


def chosen_by_nccl(value: str, interfaces: Sequence[Interface]) -> list[Interface]:
    """What NCCL takes. A value of one character counts as none."""
    found = usable(interfaces)
    if len(value) > 1:
        return matching(value, found)
    return next((hits for rule in _AUTOMATIC if (hits := matching(rule, found))), [])


def leads_nowhere(interface: Interface) -> bool:
    """Is it one that no other machine can reach?"""
    if interface.kind == "loopback" or interface.name.startswith(_USELESS):
        return True
    addresses = [_address(text) for text in interface.addresses]
    return all(item is not None and (item.is_loopback or item.is_link_local) for item in addresses)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
