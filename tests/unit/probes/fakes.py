"""A made-up machine: its files, variables and commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dsdoctor.probes.clients.host import Completed, Space
from dsdoctor.probes.clients.unavailable import Unavailable

PLENTY = Space(total=2 << 40, free=1 << 40, read_only=False)


class FakeHost:
    """What a test says about a machine; all else is not there.

    Folders are those named and those on the way to a file. Commands are found by their whole
    line, or by their first word; an exception stands for one that cannot be run. ``spaces`` are
    taken from the nearest folder above. ``read_only`` are the folders that this user may not
    write to, with all below. ``broken`` is raised by every question.
    """

    def __init__(
        self,
        files: Mapping[str, str] | None = None,
        links: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        commands: Mapping[str, Completed | Exception] | None = None,
        *,
        dirs: Iterable[str] = (),
        spaces: Mapping[str, Space] | None = None,
        read_only: Iterable[str] = (),
        broken: Exception | None = None,
    ) -> None:
        self.files = dict(files or {})
        self.links = dict(links or {})
        self.commands = dict(commands or {})
        self.dirs = set(dirs)
        self.spaces = dict(spaces or {"/": PLENTY})
        self.read_only = set(read_only)
        self.broken = broken
        self.ran: list[tuple[str, ...]] = []
        self._environment = dict(environment or {})

    @property
    def environment(self) -> dict[str, str]:
        """The variables."""
        self._breaks()
        return self._environment

    def read(self, path: str) -> str | None:
        """A file's text, perhaps through a link."""
        self._breaks()
        return self.files.get(path, self.files.get(self.links.get(path, ""), None))

    def list(self, path: str) -> Sequence[str]:
        """The names below a folder."""
        self._breaks()
        start = path.rstrip("/") + "/"
        every = (*self.files, *self.links, *self.dirs)
        below = (name[len(start) :] for name in every if name.startswith(start))
        return sorted({name.partition("/")[0] for name in below} - {""})

    def is_dir(self, path: str) -> bool:
        """A named folder, or one with something in it."""
        self._breaks()
        real = self.links.get(path, path)
        return real == "/" or real in self.dirs or bool(self.list(real))

    def link(self, path: str) -> str | None:
        """Where a link leads; a file or folder leads to itself."""
        self._breaks()
        if path in self.links:
            return self.links[path]
        return path if path in self.files or self.is_dir(path) else None

    def space(self, path: str) -> Space | None:
        """Of the nearest folder above that has one."""
        self._breaks()
        return next((self.spaces[place] for place in _upwards(path) if place in self.spaces), None)

    def writable(self, path: str) -> bool:
        """A folder that is there and not below one that is read-only."""
        self._breaks()
        return self.is_dir(path) and not self.read_only.intersection(_upwards(path))

    def which(self, name: str) -> str | None:
        """Every command is in /usr/bin."""
        self._breaks()
        known = {line.partition(" ")[0] for line in self.commands}
        return f"/usr/bin/{name}" if name in known else None

    def run(self, argv: Sequence[str], timeout: float) -> Completed:
        """The answer, by the whole line or its first word; what was run is in ``ran``."""
        self._breaks()
        self.ran.append(tuple(argv))
        answer = self.commands.get(" ".join(argv), self.commands.get(argv[0]))
        if answer is None:
            raise Unavailable(f"{argv[0]} is not installed, not even in {timeout:g} s")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _breaks(self) -> None:
        if self.broken is not None:
            raise self.broken


def said(out: str = "", code: int = 0, err: str = "") -> Completed:
    """A command's answer."""
    return Completed(code, out, err)


def _upwards(path: str) -> Iterable[str]:
    """``/a/b``, ``/a``, ``/``."""
    place = path.rstrip("/")
    while place:
        yield place
        place = place.rpartition("/")[0]
    yield "/"
