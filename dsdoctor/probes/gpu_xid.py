"""Xid errors, NVIDIA's numbers for faults of a GPU, in the kernel's log since the boot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.logs.pci import pci_address
from dsdoctor.logs.xid import xid_meaning
from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_common import MAX_NAMED, evidence
from dsdoctor.probes.probe import Complaint

SEEN = "DSH135"
TIMEOUT = 4.0
_COMMANDS = (("dmesg",), ("journalctl", "-k", "-b", "--no-pager", "-q", "-n", "5000"))
"""Whichever may be read: not every user may read the kernel's log, and dmesg drops old lines."""
PATIENCE = TIMEOUT * len(_COMMANDS)
"""Seconds that they take at most."""
_KERNEL_LINE = re.compile(r"^(?:\[ *\d+\.\d+\]|\S.{0,60} kernel:)", re.MULTILINE)
_XID = re.compile(r"NVRM: Xid \((?P<bus>[^)\n]{1,30})\): (?P<number>\d{1,4})\b")
_BY_JOBS = frozenset({"13", "31", "32", "43", "45", "68", "69", "109", "137"})
"""Mostly the doing of a program: they say nothing about the next one."""
_REPAIRED = frozenset({"63", "92", "94", "156", "160"})
"""The GPU has dealt with it, or held it in one process."""


@dataclass(frozen=True, slots=True)
class Xid:
    """One fault: the GPU's address, the number, the line."""

    bus: str
    number: str
    line: str


def kernel_xids(host: Host) -> tuple[list[Xid], str]:
    """The faults, and the command that told; both empty where the log may not be read."""
    for command in _COMMANDS:
        try:
            done = host.run(command, TIMEOUT)
        except Unavailable:
            continue
        # without the right to read it, journalctl prints nothing and is content
        if _KERNEL_LINE.search(done.out):
            return [xid for line in done.out.splitlines() if (xid := read_xid(line))], command[0]
    return [], ""


def read_xid(line: str) -> Xid | None:
    """The fault that a line of the kernel tells of."""
    match = _XID.search(line)
    if match is None:
        return None
    return Xid(pci_address(match["bus"]) or match["bus"], match["number"], line.strip()[:300])


def xid_complaints(xids: Sequence[Xid], gpus: Sequence[Gpu], source: str) -> tuple[Complaint, ...]:
    """One complaint for all that speak of hardware; for information if all were dealt with."""
    telling = [xid for xid in xids if xid.number not in _BY_JOBS]
    if not telling:
        return ()
    kinds = Counter((xid.bus, xid.number) for xid in telling)
    words = [_told(bus, number, count, gpus) for (bus, number), count in kinds.items()]
    more = f"; and {len(words) - MAX_NAMED} more" if len(words) > MAX_NAMED else ""
    dealt_with = all(xid.number in _REPAIRED for xid in telling)
    return (
        Complaint(
            SEEN,
            {"detail": "; ".join(words[:MAX_NAMED]) + more},
            tuple(evidence(xid.line, source) for xid in telling[-3:]),
            Severity.INFO if dealt_with else None,
        ),
    )


def _told(bus: str, number: str, count: int, gpus: Sequence[Gpu]) -> str:
    """``GPU 3 (0000:3b:00): Xid 79 (the GPU has fallen off the bus), twice``."""
    index = next((gpu.index for gpu in gpus if gpu.bus == bus), None)
    where = bus if index is None else f"GPU {index} ({bus})"
    meaning = xid_meaning(number)
    times = f", {count} times" if count > 1 else ""
    return f"{where}: Xid {number}" + (f" ({meaning})" if meaning else "") + times
