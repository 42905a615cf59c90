"""Moves the job's output on to where it would have gone, and a copy of it into the log.

It is a process of its own so that the job keeps its output when dsdoctor is killed: it ends when
nobody can write to the job's output any more. It belongs to the job's process group, so a signal
for the whole group reaches it too. That is how dsdoctor tells a signal which the job has got
already from one that was meant for the job but sent to dsdoctor alone.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from dsdoctor.witness.lanes import PIPE_SIZE, Lane, match_size
from dsdoctor.witness.merged_log import MergedLog
from dsdoctor.witness.signals import Mailbox
from dsdoctor.witness.tally import Tally

CHUNK = 256 * 1024
LANE_OVER = 0
"""In the mailbox: not a signal, a lane has come to its end."""
FRESH = 2.0
"""Seconds for which a signal that nobody asked about is remembered."""
DRAIN, SEEN = b"D", b"S"
DRAINED, YES, NO = b"d", b"Y", b"N"
"""Words between dsdoctor and the relay, each followed by one byte."""


def received(control: socket.socket) -> list[tuple[bytes, int]] | None:
    """The words of the other side, each with its value; None once nobody is there."""
    try:
        words = control.recv(512)
    except OSError:
        return None
    pairs = range(0, len(words) - 1, 2)
    return [(words[at : at + 1], words[at + 1]) for at in pairs] if words else None


def fork_relay(lanes: list[Lane], log: int, tally: Tally) -> tuple[int, socket.socket]:
    """Start it; its process and the way to talk to it. Signals must be held back meanwhile."""
    ours, its = socket.socketpair()
    pid = os.fork()
    if pid:
        its.close()
        for lane in lanes:
            os.close(lane.source)
        return pid, ours
    try:
        ours.close()
        _become_relay(lanes, log, tally, its)
    finally:
        os._exit(0)


def _become_relay(lanes: list[Lane], log: int, tally: Tally, control: socket.socket) -> None:
    mailbox = Mailbox()
    mailbox.open()
    # a terminal that stops background jobs which write to it must not stop this one
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _forget_others(lanes, {log, control.fileno(), *mailbox.descriptors()})
    Relay(lanes, MergedLog(log, len(lanes)), tally, control, mailbox).run()


def _forget_others(lanes: list[Lane], needed: set[int]) -> None:
    """Close all else: whoever waits for the job to close something must not wait for us."""
    keep = needed | {item for lane in lanes for item in (lane.source, lane.target)}
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in {0, 1, 2} - keep:
        os.dup2(nothing, number)
    for name in os.listdir("/proc/self/fd" if Path("/proc/self/fd").is_dir() else "/dev/fd"):  # noqa: PTH208
        if int(name) > 2 and int(name) not in keep:
            with suppress(OSError):
                os.close(int(name))


class Relay:
    """A thread for each lane: one that is stuck does not hold the other up."""

    def __init__(
        self,
        lanes: list[Lane],
        log: MergedLog,
        tally: Tally,
        control: socket.socket,
        mailbox: Mailbox,
    ) -> None:
        self._log = log
        self._control: socket.socket | None = control
        self._mailbox = mailbox
        shared = Lock()
        self._pumps = [
            Pump(number, lane, log, tally, shared, mailbox) for number, lane in enumerate(lanes)
        ]
        self._noted: list[tuple[int, float]] = []

    def run(self) -> None:
        """Until every lane is over."""
        for pump in self._pumps:
            Thread(target=pump.run, daemon=True).start()
        while any(not pump.over for pump in self._pumps):
            wanted: list[Mailbox | socket.socket] = [self._mailbox]
            wanted += [self._control] if self._control else []
            ready, _, _ = select.select(wanted, [], [])
            # signals first: what came with a question belongs to its answer
            self._take_signals()
            if self._control in ready:
                self._answer()
        self._log.flush()
        # dsdoctor may ask at the very end, and must not wait for an answer that never comes
        if self._control:
            self._say(DRAINED, bool(self._log.trouble))

    def _take_signals(self) -> None:
        now = time.monotonic()
        for number in self._mailbox.read():
            if number == signal.SIGWINCH:
                self._resize()
            if number != LANE_OVER:
                self._noted.append((number, now))
        self._noted = [item for item in self._noted if now - item[1] < FRESH]

    def _resize(self) -> None:
        """The job may have looked at the size before it was changed here, so it is told again."""
        lanes = [pump.lane for pump in self._pumps if pump.lane.terminal and not pump.over]
        changed = [match_size(lane) for lane in lanes]
        if any(changed):
            with suppress(OSError):
                os.killpg(os.getpgrp(), signal.SIGWINCH)

    def _answer(self) -> None:
        assert self._control is not None  # noqa: S101 - it was ready
        words = received(self._control)
        if words is None:
            self._control = None
        for word, value in words or ():
            if word == DRAIN:
                self._drain()
            else:
                self._tell_whether_seen(value)

    def _drain(self) -> None:
        for pump in self._pumps:
            pump.drain()
        self._log.flush()
        self._say(DRAINED, bool(self._log.trouble))

    def _tell_whether_seen(self, number: int) -> None:
        found = next((item for item in self._noted if item[0] == number), None)
        if found:
            self._noted.remove(found)
        self._say(YES if found else NO, number)

    def _say(self, word: bytes, value: int) -> None:
        if self._control:
            with suppress(OSError):
                self._control.send(word + bytes([value]))


class Pump:
    """Moves what comes through one lane."""

    def __init__(
        self,
        number: int,
        lane: Lane,
        log: MergedLog,
        tally: Tally,
        shared: Lock,
        mailbox: Mailbox,
    ) -> None:
        self.lane = lane
        self.over = False
        self._number = number
        self._log = log
        self._tally = tally
        self._shared = shared
        self._mailbox = mailbox
        self._moving = Lock()
        self._moved = 0
        self._deaf = False
        self._poll = select.poll()
        self._poll.register(lane.source, select.POLLIN)

    def run(self) -> None:
        """Until nobody can write any more, or nobody reads."""
        going = True
        while going:
            self._poll.poll()
            with self._moving:
                going = self._move()
        with self._moving:
            self.over = True
            os.close(self.lane.source)
        self._mailbox.put(LANE_OVER)

    def drain(self) -> None:
        """Wait until all is moved that is there now; what comes later is not waited for."""
        goal = self._moved + PIPE_SIZE
        poll = select.poll()
        poll.register(self.lane.source, select.POLLIN)
        while self._moved < goal:
            with self._moving:
                if self.over or not any(event & select.POLLIN for _, event in poll.poll(0)):
                    return
            time.sleep(0.0005)

    def _move(self) -> bool:
        try:
            chunk = os.read(self.lane.source, CHUNK)
        except OSError:  # a terminal whose other end is closed
            return False
        if not chunk:
            return False
        going = self._deaf or self._forward(chunk)
        self._log.write(self._number, chunk)
        with self._shared:
            self._tally.add(chunk)
        self._moved += len(chunk)
        return going

    def _forward(self, chunk: bytes) -> bool:
        """False where the reader has gone: then the job gets its SIGPIPE."""
        try:
            self._write(memoryview(chunk))
        except BrokenPipeError:
            return False
        except OSError:
            # the terminal or the disk is gone; the log still has it
            self._deaf = True
        return True

    def _write(self, rest: memoryview) -> None:
        while rest:
            # somebody may have made it one that does not wait
            with suppress(BlockingIOError):
                rest = rest[os.write(self.lane.target, rest) :]
                continue
            select.select([], [self.lane.target], [])
