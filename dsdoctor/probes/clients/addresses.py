"""The IP addresses of each interface, without a command or a library."""

from __future__ import annotations

import array
import fcntl
import ipaddress
import socket
import struct
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

_SIOCGIFCONF = 0x8912
_RECORD = struct.calcsize("@16sHH4s16x")
"""One ``struct ifreq`` on a 64-bit machine: name, family, port, address."""
_MOST = 1024
_IPV6 = Path("/proc/net/if_inet6")


def addresses_by_interface() -> Mapping[str, tuple[str, ...]]:
    """IPv4 first; without the label of an alias. Empty where the kernel does not tell."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, address in (*_ipv4(), *_ipv6()):
        found[name].append(address)
    return {name: tuple(dict.fromkeys(items)) for name, items in found.items()}


def _ipv4() -> list[tuple[str, str]]:
    """What ``SIOCGIFCONF`` lists, secondary addresses included."""
    buffer = array.array("B", bytes(_RECORD * _MOST))
    request = struct.pack("@iP", len(buffer), buffer.buffer_info()[0])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            size = struct.unpack("@iP", fcntl.ioctl(asked.fileno(), _SIOCGIFCONF, request))[0]
    except OSError:
        return []
    data = buffer.tobytes()[:size]
    return [_record(data[at : at + _RECORD]) for at in range(0, len(data), _RECORD)]


def _record(data: bytes) -> tuple[str, str]:
    name, _, _, address = struct.unpack("@16sHH4s16x", data)
    label: str = name.split(b"\0", 1)[0].decode("utf-8", "replace")
    return label.partition(":")[0], socket.inet_ntoa(address)


def _ipv6() -> list[tuple[str, str]]:
    """``/proc/net/if_inet6``: address, index, prefix, scope, flags, name."""
    try:
        lines = _IPV6.read_text().splitlines()
    except OSError:
        return []
    rows = [line.split() for line in lines[:_MOST]]
    return [(row[5], str(ipaddress.IPv6Address(bytes.fromhex(row[0])))) for row in rows if row[5:]]
