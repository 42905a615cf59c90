"""Keeps a guardian beside a run: it cleans up where dsdoctor itself is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dsdoctor.smoke.guardian import DONE

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 5.0


@contextmanager
def guarded(mark: str, remove: Sequence[Path], cache: Path, port: int) -> Iterator[None]:
    """While the block runs, a guardian waits for our death.

    Args:
        mark: what the processes of the run carry.
        remove: the folders that must not stay. They need not exist yet.
        cache: torch's extension cache.
        port: the run's own.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    guardian = subprocess.Popen(
        [sys.executable, "-m", "dsdoctor.smoke.guardian"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
    )
    try:
        order = {"mark": mark, "remove": list(map(str, remove)), "cache": str(cache), "port": port}
        _say(guardian, json.dumps(order))
        yield
    finally:
        _say(guardian, DONE)
        _leave(guardian)


def _say(guardian: subprocess.Popen[str], line: str) -> None:
    # one that was killed by somebody is no reason to end the run
    if guardian.stdin is not None:
        with suppress(OSError):
            guardian.stdin.write(line + "\n")
            guardian.stdin.flush()


def _leave(guardian: subprocess.Popen[str]) -> None:
    if guardian.stdin is not None:
        with suppress(OSError):
            guardian.stdin.close()
    try:
        guardian.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        guardian.kill()
        guardian.wait()
