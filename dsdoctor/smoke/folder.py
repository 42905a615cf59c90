"""The folder of one run, gone at its end whatever happens unless somebody wants to keep it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from dsdoctor.errors import UsageError
from dsdoctor.smoke.guard import guarded
from dsdoctor.smoke.holdings import extensions_folder

PREFIX = "dsdoctor-smoke-"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run writes, and the mark that its processes carry.

    ``temporary`` is for what the job's processes put away: it never stays. ``port`` is the run's
    own, after which DeepSpeed names its shared memory.
    """

    path: Path
    mark: str
    temporary: Path
    port: int = 0

    @property
    def log(self) -> Path:
        """All output of the launcher."""
        return self.path / "job.log"


@contextmanager
def run_folder(
    keep: Path | None, scratch: Sequence[str], *, shared: bool = False
) -> Iterator[RunFolder]:
    """Make the folder of a run, and remove it at the end.

    Args:
        keep: the folder to use instead; it stays.
        scratch: folders elsewhere that the job will make, to be removed as well.
        shared: other hosts must see it too, so it is made in the working directory.

    Raises:
        UsageError: it cannot be written.
    """
    mark = uuid4().hex
    base = Path.cwd() if shared else _temporary()
    path = keep.absolute() if keep else base / f"{PREFIX}{mark[:12]}"
    folder = RunFolder(path, mark, path / "tmp", free_port())
    new = [Path(item) for item in scratch if not Path(item).exists()]
    remove = [folder.temporary if keep else path, *new]
    # the guardian first: whatever is made after it, it removes
    with guarded(mark, remove, extensions_folder(os.environ), folder.port):
        try:
            _make(folder, fresh=keep is None)
            yield folder
        finally:
            for item in remove:
                shutil.rmtree(item, ignore_errors=True)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _temporary() -> Path:
    """The user's own choice, which Python would pass over if it cannot be written."""
    try:
        return Path(os.environ.get("TMPDIR") or tempfile.gettempdir())
    except FileNotFoundError:
        raise UsageError(
            "no temporary folder can be written", hint="set TMPDIR to a folder with room"
        ) from None


def _make(folder: RunFolder, *, fresh: bool) -> None:
    try:
        folder.path.mkdir(mode=0o700, parents=not fresh, exist_ok=not fresh)
        _clear(folder.path)
        folder.temporary.mkdir(exist_ok=True)
    except OSError as error:
        hint = "set TMPDIR to a folder with room" if fresh else "name another one with --keep"
        raise UsageError(
            f"the run's folder cannot be written: {error.strerror}",
            hint=hint,
            location=str(folder.path),
        ) from None


def _clear(path: Path) -> None:
    """Files of an earlier run in a kept folder would pass for those of this one."""
    for pattern in ("rank-*.jsonl", "py-spy-*.txt", "nccl_trace_rank_*"):
        for old in path.glob(pattern):
            old.unlink()
