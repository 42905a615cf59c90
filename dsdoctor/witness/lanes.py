"""The ways that the job's output takes: from the job through the relay to where it would go.

A stream that goes to a terminal gets a pseudo-terminal, any other one a pipe. The job keeps its
session, its process group, its controlling terminal and its standard input, so keys, job control
and signals reach it as they would without dsdoctor. Streams with the same goal share a lane, so
that their order stays what it was.
"""

from __future__ import annotations

import fcntl
import os
import pty
import termios
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass

PIPE_SIZE = 1 << 20
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)
STREAMS = (1, 2)


@dataclass(frozen=True, slots=True)
class Lane:
    """``source`` is read by the relay, ``job_end`` is what the job writes to, ``target`` the
    descriptor of dsdoctor's own that it stands for; ``terminal`` says whether that is one.
    """

    source: int
    job_end: int
    target: int
    terminal: bool = False


def keep_closed() -> set[int]:
    """Which of the three standard streams are closed, as the job shall find them.

    Their numbers are taken here, so that nothing of dsdoctor's own gets one of them.
    """
    closed = {number for number in (0, *STREAMS) if _goal(number) is None}
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)
    return closed


def open_lanes(closed: Set[int]) -> tuple[list[Lane], dict[int, int]]:
    """The lanes, and what the job gets as descriptors 1 and 2.

    A stream that is closed, or a terminal where no other can be made, is left as it is.
    """
    lanes: list[Lane] = []
    given: dict[int, int] = {}
    known: dict[tuple[int, ...], Lane] = {}
    for number in STREAMS:
        goal = None if number in closed else _goal(number)
        if goal is None:
            continue
        lane = known.get(goal) or _lane(number)
        if lane is None:
            continue
        if goal not in known:
            known[goal] = lane
            lanes.append(lane)
        given[number] = lane.job_end
    return lanes, given


def match_size(lane: Lane) -> bool:
    """Give the job's terminal the size of the real one; True if that was news."""
    empty = bytes(8)
    try:
        wanted = fcntl.ioctl(lane.target, termios.TIOCGWINSZ, empty)
        if wanted == fcntl.ioctl(lane.source, termios.TIOCGWINSZ, empty):
            return False
        fcntl.ioctl(lane.source, termios.TIOCSWINSZ, wanted)
    except OSError:
        return False
    return True


def _goal(number: int) -> tuple[int, ...] | None:
    """What tells two goals apart; None for a closed stream."""
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_rdev)


def _lane(number: int) -> Lane | None:
    if os.isatty(number):
        return _terminal(number)
    source, job_end = os.pipe()
    if _SET_PIPE_SIZE is not None:
        with suppress(OSError):
            fcntl.fcntl(source, _SET_PIPE_SIZE, PIPE_SIZE)
    return Lane(source, job_end, number)


def _terminal(number: int) -> Lane | None:
    try:
        source, job_end = pty.openpty()
    except OSError:
        return None
    with suppress(termios.error):
        mode = termios.tcgetattr(number)
        # the real terminal turns line feeds into line ends; twice would be once too often
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(job_end, termios.TCSANOW, mode)
    lane = Lane(source, job_end, number, terminal=True)
    match_size(lane)
    return lane
