"""Reads host files as DeepSpeed 0.19.8 does (deepspeed/launcher/runner.py, _parse_hostfile).

What DeepSpeed refuses becomes a ``HostProblem`` with its line, so that all of them can be shown.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from dsdoctor.errors import SourceError
from dsdoctor.job.host_filter import select, trim
from dsdoctor.job.hosts import Host, HostProblem, Hosts
from dsdoctor.job.place import Place

__all__ = ["Host", "HostProblem", "Hosts", "parse_hosts", "read_hosts", "select", "trim"]

MAX_BYTES = 1024 * 1024
MAX_PROBLEMS = 100
MAX_SLOTS = 4096
"""No host has more GPUs; DeepSpeed would list every slot in memory."""

_ENTRY = re.compile(r"^(\S+)\s+slots=(\d+)")
"""DeepSpeed's own pattern: what follows the digits is not looked at."""


def read_hosts(path: FilePath) -> Hosts:
    """Read a host file.

    Raises:
        SourceError: it cannot be read. (DeepSpeed goes on with the GPUs of its own host if the
            file is absent.)
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the host file cannot be read: {error.strerror}"
        raise SourceError(message, location=str(path)) from None
    if len(data) > MAX_BYTES:
        raise SourceError("too large for a host file", location=str(path))
    return parse_hosts(data.decode("utf-8", "replace"), str(path))


def parse_hosts(text: str, name: str) -> Hosts:
    """The hosts in the text of a host file called ``name``: ``node-1 slots=8``, one a line."""
    found: dict[str, Host] = {}
    problems: list[HostProblem] = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        host = _host(line, Place(name, number, 1), found, problems)
        if host:
            found[host.name] = host
    if not found and not problems:
        problems.append(HostProblem(Place(name), "no host is named", "empty"))
    return Hosts(name, tuple(found.values()), tuple(problems[:MAX_PROBLEMS]))


def _host(
    line: str, place: Place, found: dict[str, Host], problems: list[HostProblem]
) -> Host | None:
    """The host of one line; ``None``, and a problem, where DeepSpeed would stop."""
    match = _ENTRY.match(line)
    if match is None:
        text = f"not a line of a host file: {line[:80]!r}; a line reads: node-1 slots=8"
        problems.append(HostProblem(place, text, "bad-line"))
        return None
    name = match[1]
    shown = name[:80]
    if name in found:
        text = f"host {shown} is named twice, first in line {found[name].place.line}"
        problems.append(HostProblem(place, text, "duplicate"))
        return None
    slots = _slots(match[2])
    if slots > MAX_SLOTS:
        text = f"host {shown} has more than {MAX_SLOTS} slots; a slot is one GPU"
        problems.append(HostProblem(place, text, "too-many-slots"))
    elif slots == 0:
        text = f"host {shown} has no slot, so no rank runs there"
        problems.append(HostProblem(place, text, "no-slots"))
    return Host(name, range(min(slots, MAX_SLOTS)), place)


def _slots(digits: str) -> int:
    """The number, or one too many; Python refuses to read thousands of digits."""
    return int(digits) if len(digits) < 1000 else MAX_SLOTS + 1
