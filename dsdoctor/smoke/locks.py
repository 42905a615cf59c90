"""Build locks that nobody holds any more.

torch's FileBaton keeps its lock file open for as long as it holds it (torch 2.13
utils/file_baton.py), so one that no process has open is left from somebody who was killed. That
can be told on this host only, and of our own processes: locks of others, and on file systems that
several hosts share, are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_LOCAL = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "overlay", "ramfs"}
)
_MOUNTS = Path("/proc/self/mounts")


def lost_locks(locks: Iterable[Path]) -> set[Path]:
    """Those of ``locks`` that are ours, lie on a disk of this host, and are open in no process."""
    wanted = {path for path in locks if _is_ours(path) and _is_local(path)}
    held = _open_files() if wanted else set()
    return {path for path in wanted if str(path.resolve()) not in held}


def _is_ours(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.getuid()
    except OSError:
        return False


def _is_local(path: Path) -> bool:
    """By the kind of the file system that is mounted deepest on the way to it."""
    real, deepest, kind = str(path.resolve()), "", ""
    for place, name in _mounts():
        inside = real.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(deepest):
            deepest, kind = place, name
    return kind in _LOCAL


def _mounts() -> Iterator[tuple[str, str]]:
    with suppress(OSError), _MOUNTS.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) > 2:
                yield words[1].replace("\\040", " "), words[2]


def _open_files() -> set[str]:
    """What the processes that we may look into have open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            found.add(str(link.readlink()))
    return found
