"""One spelling for the PCI addresses that the driver, the kernel, nvidia-smi and NCCL print."""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"(?:PCI:)?(?P<domain>[0-9a-fA-F]{4,8}):(?P<bus>[0-9a-fA-F]{2}):(?P<device>[0-9a-fA-F]{2})"
    r"(?:\.[0-7])?$"
)
_NCCL = re.compile(r"[0-9a-fA-F]{1,11}$")


def pci_address(text: str) -> str:
    """``0000:3b:00`` for ``PCI:0000:3b:00``, ``00000000:3B:00.0`` or NCCL's busId ``3b000``.

    Returns:
        Domain, bus and device in lower case, without the function; empty if it is no address.
    """
    if match := _ADDRESS.match(text):
        domain = int(match["domain"], 16)
        return f"{domain:04x}:{match['bus']}:{match['device']}".lower()
    if not _NCCL.match(text):
        return ""
    # NCCL reads the digits of 0000:3b:00.0 as one number: 4 bits function, 8 device, 8 bus
    number = int(text, 16) >> 4
    return f"{number >> 16:04x}:{number >> 8 & 0xFF:02x}:{number & 0xFF:02x}"
