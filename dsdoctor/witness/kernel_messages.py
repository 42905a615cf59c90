"""What the kernel said since the job began: a killed process, a GPU fallen off the bus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable

FILE = "dmesg.txt"
TIMEOUT = 5.0
SLACK = 1.0
_TIME = re.compile(r"\[ *(\d{1,10})\.\d+\]")


def uptime(host: Host) -> float:
    """Seconds since the boot, which is how the kernel's messages count; 0 where unknown."""
    words = (host.read("/proc/uptime") or "").split()
    try:
        return float(words[0]) if words else 0.0
    except ValueError:
        return 0.0


def kernel_messages(host: Host, since: float, folder: Path) -> str:
    """Write those after ``since`` to a file in ``folder``; what went wrong, if anything did.

    Older ones would be taken for part of this job's story. Nothing is written if there are none.
    """
    try:
        done = host.run(["dmesg"], TIMEOUT)
    except Unavailable as error:
        return f"no kernel messages: {error}"
    if done.code:
        return "no kernel messages: dmesg needs more rights here"
    lines = list(_after(since - SLACK, done.out))
    if lines:
        (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return ""


def _after(since: float, text: str) -> Iterator[str]:
    new = False
    for line in text.splitlines():
        if match := _TIME.match(line):
            new = float(match[1]) >= since
        if new:
            yield line
