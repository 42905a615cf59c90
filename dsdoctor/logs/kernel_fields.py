"""What a line of the kernel tells beyond the rule that it matches: process, cgroup, device."""

from __future__ import annotations

import re
from dataclasses import replace

from dsdoctor.logs.pci import pci_address
from dsdoctor.logs.xid import xid_meaning
from dsdoctor.model import Event, Origin

OOM = "DSM017"
LOOK_BACK = 256 * 1024
"""Bytes before an OOM victim in which the kill's first line is looked for; a table of all
processes of the node stands between the two."""
_START, _END = 16 * 1024, 4 * 1024
"""The limit stands within the first bytes of that, the cgroup within the last."""

_VICTIM = re.compile(
    r"[Oo]ut of memory: Kill(?:ed)? process (?P<killed_pid>\d{1,9}),? \((?P<process>[^)]{1,60})\)"
    r"(?:.{0,120}?anon-rss:(?P<rss_kb>\d{1,15})kB)?"
)
_CONSTRAINT = re.compile(
    r"oom-kill:constraint=(?P<constraint>\w+),.{0,400}?(?:oom_memcg=(?P<cgroup>[^,]{1,300}),.{0,400}?)?"
    r"task=(?P<process>[^,]{1,60}),pid=(?P<killed_pid>\d{1,9})"
)
_LIMIT = re.compile(r"\bmemory: usage \d+kB, limit (?P<limit_kb>\d{1,15})kB")
_XID = re.compile(
    r"Xid \((?P<pci>[^)]{1,30})\): (?P<xid>\d{1,4})\b.*?(?:name='?(?P<process>[\w./-]+))?"
)
_XID_PID = re.compile(r"\bpid='?(?P<pid>\d{1,9})\b")
_XID_PROCESS = re.compile(r"\bname='?(?P<process>[\w./:-]{1,60})")
_PCI = re.compile(r"\b(?P<pci>[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7])\b")


def enriched(event: Event, text: str, before: bytes = b"") -> Event:
    """``event`` with the process and the device that a line of the kernel names.

    Args:
        event: what a rule read from the line.
        text: the line without its prefix.
        before: what stands before the line, for what an OOM kill says in several lines.

    Returns:
        The event; ``origin.pid`` is the process it is about, ``fields`` gain ``killed_pid``,
        ``process``, ``rss_kb``, ``cgroup``, ``limit_kb``, ``bus`` and ``meaning`` where known.
    """
    more = _oom_fields(text, before) if event.rule == OOM else _device_fields(text)
    fields = {**event.fields, **more}
    pid = fields.get("killed_pid") or fields.get("pid", "")
    origin = event.writer
    if pid.isdecimal() and 0 < len(pid) < 10 and int(pid):
        origin = Origin(host=origin.host, pid=int(pid), time=origin.time)
    return replace(event, fields=fields, origin=origin)


def _oom_fields(text: str, before: bytes) -> dict[str, str]:
    """The victim of an out-of-memory kill, and what its earlier lines say of the limit."""
    victim = _VICTIM.search(text)
    if victim is None:
        own = _CONSTRAINT.search(text)
        return _known(own) if own else {}
    start = before.rfind(b"invoked oom-killer")
    pieces = (
        before[start : start + _START] if start >= 0 else b"",
        before[max(start, 0) :][-_END:],
    )
    story = b"\n".join(pieces).decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for pattern in (_LIMIT, _CONSTRAINT):
        if match := pattern.search(story):
            fields |= _known(match)
    if fields.get("killed_pid", victim["killed_pid"]) != victim["killed_pid"]:
        fields = {}
    return fields | _known(victim)


def _device_fields(text: str) -> dict[str, str]:
    """The PCI address in one spelling, what the Xid means, and the process it names."""
    xid = _XID.search(text)
    address = xid or _PCI.search(text)
    fields = {"bus": pci_address(address["pci"])} if address else {}
    if xid:
        fields["meaning"] = xid_meaning(xid["xid"])
        for pattern in (_XID_PID, _XID_PROCESS):
            if match := pattern.search(text):
                fields |= match.groupdict()
    return {name: value for name, value in fields.items() if value}


def _known(match: re.Match[str]) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value}


def is_victim(event: Event) -> bool:
    """Is it the line in which the kernel says whom it killed?"""
    return event.rule == OOM and _VICTIM.search(event.text) is not None
