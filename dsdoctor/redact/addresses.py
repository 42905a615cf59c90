"""IP addresses, MAC addresses, UUIDs of GPUs and e-mail addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

Replace = Callable[[str, bytes], bytes]
"""Gives the placeholder of a name of a kind."""

_IPV4 = re.compile(rb"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9_]|\.\d)")
_VERSION = re.compile(
    rb"(?i)(?:version|cudnn|cublas|cufft|cuda|nccl|release|runtime|toolkit|driver|firmware|[=><~]=)"
    rb"[ \t:=v]{0,3}\Z"
)
_PRIVATE = re.compile(rb"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.")
_KEPT = re.compile(rb"127\..*|0\.0\.0\.0|255\..*|169\.254\.169\.254|0\..*")

_IPV6 = re.compile(rb"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,8}(?![\w:]|\.\d)")
_MAC = re.compile(rb"(?<![\w:.])[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?![\w:])")

_UUID = rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_GPU = re.compile(rb"(?:GPU|MIG)-(?:GPU-)?" + _UUID)
_SERIAL = re.compile(rb"(?i)(serial number\s{1,60}:\s{1,4})([A-Z0-9]{6,24})(?![A-Za-z0-9])")

_EMAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@"
    rb"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,6}\.[A-Za-z]{2,24}(?![A-Za-z0-9_-])"
)


def hide_ipv4(line: bytes, replace: Replace) -> bytes:
    """The line without addresses of machines; of loopback, masks and versions it keeps all."""

    def one(match: re.Match[bytes]) -> bytes:
        address = match[0]
        before = line[max(0, match.start() - 16) : match.start()]
        parts = [int(part) for part in address.split(b".")]
        packaged = before.endswith(b"-") and not _PRIVATE.match(address)
        if packaged or max(parts) > 255 or _KEPT.fullmatch(address) or _VERSION.search(before):
            return address
        return replace("ip-address", b".".join(b"%d" % part for part in parts))

    return _IPV4.sub(one, line)


def hide_ipv6(line: bytes, replace: Replace) -> bytes:
    """The line without IPv6 and MAC addresses; times and C++ names look alike and stay."""

    def one(match: re.Match[bytes]) -> bytes:
        address = _ipv6(match[0])
        return replace("ip-address", address) if address else match[0]

    line = _MAC.sub(lambda match: replace("mac-address", match[0]), line)
    return _IPV6.sub(one, line)


def _ipv6(text: bytes) -> bytes | None:
    """The address in its short form; None if it is none, or of this machine."""
    if not re.search(rb"\d", text) or len(text) < 6:
        return None
    try:
        address = ipaddress.IPv6Address(text.decode())
    except ValueError:
        return None
    return None if address.is_loopback or address.is_unspecified else str(address).encode()


def hide_gpus(line: bytes, replace: Replace) -> bytes:
    """The line without what names one GPU in the world."""
    line = _GPU.sub(lambda match: replace("gpu-uuid", match[0]), line)
    return _SERIAL.sub(lambda match: match[1] + replace("serial-number", match[2]), line)


def hide_emails(line: bytes, replace: Replace) -> bytes:
    """The line without e-mail addresses; ``git@github.com`` is nobody's."""

    def one(match: re.Match[bytes]) -> bytes:
        return match[0] if match[0].startswith(b"git@") else replace("email", match[0])

    return _EMAIL.sub(one, line)
