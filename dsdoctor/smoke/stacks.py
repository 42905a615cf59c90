"""What each process of a hung run is doing, as far as py-spy may look."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dsdoctor.smoke.records import RankRecord

TIMEOUT = 10.0
MAX_RANKS = 16
MISSING = "no stacks: py-spy is not there (pip install py-spy)"


def py_spy(python: str, environment: Mapping[str, str]) -> str | None:
    """The program, on the path or beside the job's Python."""
    beside = str(Path(python).parent)
    return shutil.which("py-spy", path=environment.get("PATH")) or shutil.which(
        "py-spy", path=beside
    )


def collect(
    program: str,
    ranks: Sequence[RankRecord],
    pids: Sequence[int],
    folder: Path,
    meanwhile: Callable[[], None] = lambda: None,
) -> str:
    """Write ``py-spy-rank<n>.txt`` for each rank that runs on this host.

    Args:
        program: py-spy.
        ranks: who they are.
        pids: the processes of the run that live here: nobody else is looked at.
        folder: where to write.
        meanwhile: called while py-spy works.

    Returns:
        What went wrong, empty where nothing did.
    """
    trouble = ""
    for record in [item for item in ranks if item.pid in pids][:MAX_RANKS]:
        text, error = _dump(program, record.pid or 0, meanwhile)
        if text.startswith("Process "):
            path = folder / f"py-spy-rank{record.rank}.txt"
            path.write_text(text, encoding="utf-8")
        else:
            trouble = f"no stack of rank {record.rank}: {error or 'py-spy said nothing'}"
    return trouble


def _dump(program: str, pid: int, meanwhile: Callable[[], None]) -> tuple[str, str]:
    """What py-spy prints, and its complaint."""
    argv = [program, "dump", "--pid", str(pid)]
    child = subprocess.Popen(  # noqa: S603 - an argument list
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            out, error = child.communicate(timeout=0.2)
        except subprocess.TimeoutExpired:
            meanwhile()
            if time.monotonic() < deadline:
                continue
            child.kill()
            child.communicate()
            return "", f"no answer in {TIMEOUT:g} s"
        lines = error.strip().splitlines()
        return out, lines[-1][:200] if lines else ""
