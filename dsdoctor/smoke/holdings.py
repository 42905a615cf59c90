"""What processes of a run hold outside its folder: build locks and shared memory.

A lock of torch's extension cache whose holder was killed stops every later job (torch
utils/file_baton.py: it waits until the file is gone), and segments in /dev/shm eat memory until
the next boot. Removed are files that a process of this run was seen to hold, its segments by their
name, and locks that came during the run and that nobody holds any more: a rank may die between two
looks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from dsdoctor.smoke.locks import lost_locks

SHM = Path("/dev/shm")  # noqa: S108 - the place where POSIX shared memory is, not a temporary file
MAX_FILES = 5000


def extensions_folder(environment: Mapping[str, str]) -> Path:
    """Where torch compiles extensions to."""
    if named := environment.get("TORCH_EXTENSIONS_DIR"):
        return Path(named)
    cache = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "/root"), ".cache")
    return Path(cache, "torch_extensions")


class Holdings:
    """Files that processes of the run made and hold.

    Args:
        cache: torch's extension cache.
        shm: the folder of shared memory.
        port: the run's own port. DeepSpeed names its segments after it, so that they are known
            even if their holder died before anybody looked (csrc/cpu/comm/shm.cpp).
    """

    def __init__(self, cache: Path, shm: Path = SHM, port: str = "") -> None:
        self._sign = f"_{port}_" if port else ""
        self._cache = cache
        self._shm = shm
        self._before = set(self._there())
        self.ours: set[Path] = set()

    def look(self, pids: Iterable[int]) -> None:
        """Note which of the files that are new are held by one of ``pids``."""
        new = set(self._there()) - self._before - self.ours
        if new:
            held = {path for pid in pids for path in _held_by(pid)}
            self.ours |= {path for path in new if str(path) in held}

    def look_at_locks(self, pids: Callable[[], Iterable[int]]) -> None:
        """As ``look``, and cheap enough for often: the processes are asked for only if need be."""
        if set(self._locks()) - self._before - self.ours:
            self.look(pids())

    def release(self) -> None:
        """Remove what is left of them, once the processes are gone."""
        lost = lost_locks(set(self._locks()) - self._before - self.ours)
        there = list(self._there())
        named = {path for path in there if path.parent == self._shm and self._named(path)}
        for path in self.ours | named | lost:
            with suppress(OSError):
                path.unlink()

    def _named(self, path: Path) -> bool:
        return bool(self._sign) and self._sign in path.name

    def _locks(self) -> Iterator[Path]:
        for pattern in ("*/lock", "*/*/lock"):
            yield from self._cache.glob(pattern)

    def _there(self) -> Iterator[Path]:
        yield from self._locks()
        with suppress(OSError), os.scandir(self._shm) as entries:
            for _, entry in zip(range(MAX_FILES), entries, strict=False):
                if entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)


def _held_by(pid: int) -> Iterator[str]:
    """The files that a process has open or mapped."""
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                yield str(Path(entry.path).readlink())
    with suppress(OSError), Path(f"/proc/{pid}/maps").open(encoding="utf-8") as lines:
        for line in lines:
            if "/" in line:
                yield line[line.index("/") :].rstrip("\n")
