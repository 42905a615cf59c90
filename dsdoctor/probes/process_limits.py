"""What this process, and so a job started from here, may use: /proc/self."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdoctor.model import Evidence
from dsdoctor.probes.clients.host import Host

FILE = "/proc/self/limits"
_LINE = re.compile(r"^(Max [a-z ]+?) {2,}(\d+|unlimited) +(\d+|unlimited)", re.MULTILINE)
_CAPABILITIES = re.compile(r"^CapEff:\s*([0-9a-f]+)", re.MULTILINE)
IPC_LOCK, SYS_RESOURCE = 14, 24


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of setrlimit(2); None is unlimited."""

    name: str
    soft: int | None
    hard: int | None

    @property
    def evidence(self) -> Evidence:
        """As the kernel tells it."""
        return Evidence(FILE, 0, f"{self.name}: soft {_shown(self.soft)}, hard {_shown(self.hard)}")


def process_limits(host: Host) -> dict[str, Limit]:
    """By the kernel's names: ``Max open files``; empty where there is no /proc."""
    found = _LINE.findall(host.read(FILE) or "")
    return {name: Limit(name, _number(soft), _number(hard)) for name, soft, hard in found}


def capable(host: Host, bit: int) -> bool:
    """Has this process a capability, by its number in capabilities(7)?"""
    found = _CAPABILITIES.search(host.read("/proc/self/status") or "")
    return bool(found and int(found[1], 16) >> bit & 1)


def _number(text: str) -> int | None:
    return None if text == "unlimited" else int(text)


def _shown(value: int | None) -> str:
    return "unlimited" if value is None else str(value)
