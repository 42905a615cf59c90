"""The folder of a run."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dsdoctor.errors import UsageError

HOME = Path("dsdoctor-runs")
LOG = "job.log"
TRIES = 100


def new_folder(named: Path | None) -> Path:
    """Make the folder, ``dsdoctor-runs/<time>-<pid>`` unless it is named; its absolute path.

    Raises:
        UsageError: it is there already, or cannot be made or written.
    """
    for name in [named] if named else _names():
        path = name.absolute()
        try:
            path.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            if named or not path.is_dir():
                raise _refused(path, "it exists already") from None
            continue
        except OSError as error:
            raise _refused(path, error.strerror or str(error)) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise _refused(path, "it cannot be written")
        return path
    raise _refused(HOME, "too many runs in this second")


def _names() -> list[Path]:
    """Two hosts with one file system may have the same process number at the same second."""
    first = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    return [HOME / first, *(HOME / f"{first}-{number}" for number in range(2, TRIES))]


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        f"the run's folder cannot be made: {why}; the job was not started",
        hint="name a new one with --dir, before the --",
        location=str(path),
    )
