"""Finds and ends every process of one run, wherever launchers have put it.

``deepspeed`` and ``torchrun`` start groups and sessions of their own, and orphans lose their
parent: what stays is the environment that a process was started with.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

MARK = "DSDOCTOR_SMOKE"
"""The variable that all processes of a run carry, with the run's own value."""
POLITE = 3.0
"""Seconds between asking processes to end and making them."""
FIRM = 10.0
"""Seconds that a killed process may take; one stuck in the kernel takes longer."""
ROUNDS = 3
"""Looks that must find nothing before nothing is there: a fork may be under way."""
_PROC = Path("/proc")


def marked(mark: str, variable: str = MARK) -> dict[int, str]:
    """The living processes of the run, with the names of their programs.

    Args:
        mark: the run's own value.
        variable: what carries it.
    """
    found: dict[int, str] = {}
    parents: dict[int, tuple[int, str]] = {}
    needle = f"{variable}={mark}".encode()
    for pid in _pids():
        with suppress(OSError, ValueError, IndexError):
            parent, name, state = _stat(pid)
            if state in "ZX" or pid == os.getpid():
                continue
            parents[pid] = (parent, name)
            if needle in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found[pid] = name
    return _with_children(found, parents)


def end_all(
    mark: str,
    group: int | None,
    meanwhile: Callable[[], None] = lambda: None,
    frozen: Callable[[set[int]], None] = lambda _: None,
) -> set[int]:
    """End every process of the run and wait until they are gone.

    Args:
        mark: the run's own value of ``MARK``.
        group: the launcher's process group, for systems without ``/proc``.
        meanwhile: called again and again, so that nobody blocks on a full pipe.
        frozen: told the processes once they all stand still: what they hold now is all.

    Returns:
        Those that could not be ended.
    """
    asked = _freeze(mark)
    frozen(asked)
    for number in (signal.SIGTERM, signal.SIGCONT):
        for pid in asked:
            _signal(pid, number)
    for number, patience in ((signal.SIGTERM, POLITE), (signal.SIGKILL, FIRM)):
        _signal_group(group, number)
        if _all_gone(mark, number, patience, meanwhile, asked):
            # where there is no /proc nobody was seen, which does not mean that nobody is there
            _signal_group(group, signal.SIGKILL)
            return set()
    return set(marked(mark))


def _freeze(mark: str) -> set[int]:
    """Stop every process of the run, and those that were started meanwhile."""
    stopped: set[int] = set()
    for _ in range(ROUNDS):
        for pid in set(marked(mark)) - stopped:
            _signal(pid, signal.SIGSTOP)
            stopped.add(pid)
    return stopped


def _all_gone(
    mark: str,
    number: signal.Signals,
    patience: float,
    meanwhile: Callable[[], None],
    asked: set[int],
) -> bool:
    """Send the signal to whoever is there, once if it is a request and was not ``asked`` yet."""
    deadline = time.monotonic() + patience
    told = set(asked)
    quiet = 0
    while time.monotonic() < deadline:
        left = set(marked(mark))
        quiet = 0 if left else quiet + 1
        if quiet >= ROUNDS:
            return True
        for pid in left if number is signal.SIGKILL else left - told:
            _signal(pid, number)
        told |= left
        meanwhile()
        time.sleep(0.03)
    return False


def _pids() -> list[int]:
    try:
        return [int(path.name) for path in _PROC.iterdir() if path.name.isdecimal()]
    except OSError:
        return []


def _stat(pid: int) -> tuple[int, str, str]:
    """Parent, name and state. The name may hold blanks and brackets."""
    text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    head, _, tail = text.rpartition(")")
    state, parent = tail.split()[:2]
    return int(parent), head.partition("(")[2], state


def _with_children(
    found: Mapping[int, str], parents: Mapping[int, tuple[int, str]]
) -> dict[int, str]:
    """Those found, and their descendants that cleared their environment."""
    result = dict(found)
    grown = True
    while grown:
        more = {
            pid: name
            for pid, (parent, name) in parents.items()
            if parent in result and pid not in result
        }
        result |= more
        grown = bool(more)
    return result


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _signal_group(group: int | None, number: int) -> None:
    if group is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
