"""Who listens on a TCP port, from /proc."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTENS = "0A"
MAX_PROCESSES = 20_000


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that listens. Only the owner's name is known of another user's process.

    ``pid`` is 0 and ``command`` empty where it may not be looked at; ``user`` is empty where even
    the kernel's table does not tell.
    """

    pid: int = 0
    command: str = ""
    user: str = ""


def holder_of(port: int) -> Holder | None:
    """The first listener on ``port`` in this network namespace."""
    for inode, uid in _sockets(port):
        pid = _owner_of(f"socket:[{inode}]")
        return Holder(pid, _command(pid) if pid else "", _user(uid))
    return None


def _sockets(port: int) -> Iterator[tuple[str, int]]:
    """Inode and user of the sockets that listen on the port."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            row = line.split()
            local = row[1].rpartition(":")[2]
            if row[3] == _LISTENS and int(local, 16) == port:
                yield row[9], int(row[7])


def _owner_of(link: str) -> int:
    """The process that has the socket open, 0 if it may not be looked at."""
    pids = [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208 - names
    for pid in pids[:MAX_PROCESSES]:
        folder = f"{_PROC}/{pid}/fd"
        try:
            with os.scandir(folder) as entries:
                if any(os.readlink(entry.path) == link for entry in entries):  # noqa: PTH115
                    return int(pid)
        except OSError:
            continue
    return 0


def _command(pid: int) -> str:
    """Its command line, cut."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes()[:400].split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "replace").strip()


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
