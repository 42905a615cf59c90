"""This machine's files, environment and commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dsdoctor.probes.clients.unavailable import Unavailable

MAX_FILE = 1 << 20
MAX_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Space:
    """A file system: bytes in all, bytes free to this user, whether it can be written to."""

    total: int
    free: int
    read_only: bool


class Host(Protocol):
    """What probes may ask of a machine. Paths are absolute."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that a job started from here would see."""

    def read(self, path: str) -> str | None:
        """The text of a small file; None if it is not there or may not be read."""

    def list(self, path: str) -> Sequence[str]:
        """The sorted names in a folder; empty if it is not there or may not be read."""

    def is_dir(self, path: str) -> bool:
        """Is it a folder, perhaps through links?"""

    def link(self, path: str) -> str | None:
        """The real path behind ``path``; None if there is nothing."""

    def space(self, path: str) -> Space | None:
        """The file system on which ``path`` lies, or would lie."""

    def writable(self, path: str) -> bool:
        """May this user create files in the folder?"""

    def which(self, name: str) -> str | None:
        """Where a command is found on the path."""

    def run(self, argv: Sequence[str], timeout: float) -> Completed:
        """Run a command without a shell.

        Raises:
            Unavailable: it is not there, or took longer than ``timeout`` seconds.
        """


class RealHost:
    """The machine that dsdoctor runs on."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of this process."""
        return os.environ

    def read(self, path: str) -> str | None:
        """At most ``MAX_FILE`` bytes."""
        try:
            with Path(path).open("rb") as stream:
                return stream.read(MAX_FILE).decode("utf-8", "replace")
        except OSError:
            return None

    def list(self, path: str) -> Sequence[str]:
        """All names, hidden ones included."""
        try:
            return sorted(os.listdir(path))  # noqa: PTH208 - names, not paths
        except OSError:
            return []

    def is_dir(self, path: str) -> bool:
        """Follows links."""
        return Path(path).is_dir()

    def link(self, path: str) -> str | None:
        """Resolves every link on the way."""
        try:
            return str(Path(path).resolve(strict=True))
        except (OSError, RuntimeError):
            return None

    def space(self, path: str) -> Space | None:
        """Asks the nearest folder above that exists."""
        place = Path(path)
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            found = os.statvfs(place)
        except OSError:
            return None
        size = found.f_frsize
        flags = found.f_flag & os.ST_RDONLY
        return Space(found.f_blocks * size, found.f_bavail * size, bool(flags))

    def writable(self, path: str) -> bool:
        """By the rights; a full disk is another question."""
        return os.access(path, os.W_OK | os.X_OK)

    def which(self, name: str) -> str | None:
        """By PATH."""
        return shutil.which(name)

    def run(self, argv: Sequence[str], timeout: float) -> Completed:
        """With no input and in its own session, so that a stuck child can be left behind."""
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and the words are ours
                list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                start_new_session=True,
                check=False,
            )
        except FileNotFoundError:
            raise Unavailable(f"{argv[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{argv[0]} did not answer in {timeout:g} s") from None
        except OSError as error:
            raise Unavailable(f"{argv[0]} cannot be run: {error.strerror}") from None
        return Completed(done.returncode, _text(done.stdout), _text(done.stderr))


def _text(data: bytes) -> str:
    return data[:MAX_OUTPUT].decode("utf-8", "replace")
