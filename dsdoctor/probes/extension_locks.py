"""Locks in torch's cache of compiled ops, and who builds there.

Read from torch 2.13 utils/file_baton.py (a file named ``lock`` that is there is held, for ever if
its owner was killed) and utils/cpp_extension.py (_jit_compile, _run_ninja_build: ninja runs in
the folder of the op).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable

TIMEOUT = 3.0
MAX_FOLDERS = 200
MAX_PROCESSES = 8000
_BUILDERS = ("ninja", "nvcc", "cicc", "ptxas", "cc1plus", "cudafe++", "hipcc", "c++", "g++", "ld")


@dataclass(frozen=True, slots=True)
class Lock:
    """``since`` is in seconds of Unix time; None where nobody knows."""

    op: str
    path: str
    since: float | None


def locks_in(host: Host, root: str) -> list[Lock]:
    """All locks in the folders of ops below ``root``."""
    paths = [
        f"{root}/{name}/lock"
        for name in host.list(root)[:MAX_FOLDERS]
        if "lock" in host.list(f"{root}/{name}")
    ]
    ages = _changed(host, paths) if paths else {}
    return [
        Lock(posixpath.basename(posixpath.dirname(path)), path, ages.get(path)) for path in paths
    ]


def _changed(host: Host, paths: list[str]) -> dict[str, float]:
    """When the files were made, by path."""
    try:
        done = host.run(["stat", "-c", "%Y %n", *paths], TIMEOUT)
    except Unavailable:
        return {}
    found = {}
    for line in done.out.splitlines():
        seconds, _, path = line.partition(" ")
        if seconds.isdecimal():
            found[path] = float(seconds)
    return found


def built_here(host: Host) -> frozenset[str]:
    """The folders in which a compiler runs at this moment."""
    return frozenset(_folders(host))


def _folders(host: Host) -> Iterator[str]:
    numbers = [name for name in host.list("/proc") if name.isdecimal()]
    for number in numbers[:MAX_PROCESSES]:
        name = (host.read(f"/proc/{number}/comm") or "").strip()
        if name.endswith(_BUILDERS) and (folder := host.link(f"/proc/{number}/cwd")):
            yield folder
