"""Starts the job, hands on the signals that it would have got, and waits for its end."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dsdoctor.errors import DsDoctorError
from dsdoctor.witness.lanes import keep_closed, open_lanes
from dsdoctor.witness.relay import DRAIN, DRAINED, SEEN, YES, fork_relay, received
from dsdoctor.witness.signals import ENDING, STOPPING, Mailbox, held_back, noted, stop_like
from dsdoctor.witness.tally import Tally

TICK = 1.0
MOMENT = 0.05
"""Seconds in which whoever signals all processes of a step has reached all of them."""
NO_ANSWER = 1.0
NOT_FOUND, NOT_RUNNABLE = 127, 126


class StartError(DsDoctorError):
    """The command is not there or is no program; the code is a shell's."""

    def __init__(self, message: str, code: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.exit_code = code


class Conductor:
    """One job.

    Args:
        argv: its command.
        environment: all of its environment.
        log: the file that gets a copy of its output.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._argv = list(argv)
        self._environment = dict(environment)
        self._log = log
        self._closed = keep_closed()
        self._mailbox = Mailbox()
        self._pending: list[tuple[int, float]] = []
        self._asked: list[tuple[int, float]] = []
        self._control: socket.socket | None = None
        self._status: int | None = None
        self._draining = 0
        self.tally = Tally()
        self.log_trouble = False
        self.pid = 0

    def run(self, started: Callable[[int], None] = lambda _: None) -> int:
        """Run the job to its end; its wait status.

        Args:
            started: told the job's process once it runs.

        Raises:
            StartError: there is no such command.
        """
        with noted(self._mailbox):
            relay = self._start()
            started(self.pid)
            while self._status is None:
                self._turn(TICK)
            self._drain()
            self._leave(relay)
        return self._status

    def _start(self) -> int:
        """The job and its relay."""
        lanes, given = open_lanes(self._closed)
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        with held_back():
            relay, self._control = fork_relay(lanes, log, self.tally)
        os.close(log)
        try:
            self.pid = self._spawn(given)
        finally:
            for lane in lanes:
                os.close(lane.job_end)
        return relay

    def _spawn(self, given: Mapping[int, int]) -> int:
        try:
            # what dsdoctor was given beside the three streams is meant for the job
            child = subprocess.Popen(  # noqa: S603 - an argument list
                self._argv,
                stdout=given.get(1),
                stderr=given.get(2),
                env=self._environment,
                close_fds=False,
            )
        except FileNotFoundError:
            missing = self._argv[0]
            raise StartError(f"{missing!r}: command not found", NOT_FOUND) from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise StartError(f"{self._argv[0]!r} cannot be run: {why}", NOT_RUNNABLE) from None
        child.returncode = 0  # it is waited for here, not by subprocess
        return child.pid

    def _turn(self, seconds: float) -> None:
        """Wait for something to happen, and see to it."""
        busy = bool(self._pending or self._asked)
        wanted: list[Mailbox | socket.socket] = [self._mailbox]
        wanted += [self._control] if self._control else []
        ready, _, _ = select.select(wanted, [], [], min(seconds, MOMENT / 5) if busy else seconds)
        if self._mailbox in ready:
            now = time.monotonic()
            came = [number for number in self._mailbox.read() if number != signal.SIGCHLD]
            self._pending += [(number, now) for number in came]
        if self._control in ready:
            self._hear()
        self._ask_and_pass_on()
        self._reap()

    def _ask_and_pass_on(self) -> None:
        """A signal that the relay has got as well was for all; one that it has not is passed on."""
        now = time.monotonic()
        due = [item for item in self._pending if now - item[1] >= MOMENT]
        self._pending = [item for item in self._pending if item not in due]
        for number, _ in due:
            if self._say(SEEN, number):
                self._asked.append((number, now))
            else:
                self._pass_on(number)
        for item in [item for item in self._asked if now - item[1] > NO_ANSWER]:
            self._asked.remove(item)
            self._pass_on(item[0])

    def _hear(self) -> None:
        assert self._control is not None  # noqa: S101 - it was ready
        words = received(self._control)
        if words is None:
            self._control.close()
            self._control = None
        for word, value in words or ():
            if word == DRAINED:
                self._draining, self.log_trouble = max(0, self._draining - 1), bool(value)
            else:
                self._answered(value, seen=word == YES)

    def _answered(self, number: int, *, seen: bool) -> None:
        item = next((item for item in self._asked if item[0] == number), None)
        if item:
            self._asked.remove(item)
            if not seen:
                self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._status is None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)

    def _say(self, word: bytes, value: int = 0) -> bool:
        if self._control is None:
            return False
        try:
            return self._control.send(word + bytes([value])) > 0
        except OSError:
            return False

    def _reap(self) -> None:
        """Has it ended, or stopped? A stop is copied, so that the shell sees one."""
        if self._status is not None:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return
        if os.WIFSTOPPED(status):
            if os.WSTOPSIG(status) in STOPPING:
                self._settle()
                stop_like(os.WSTOPSIG(status))
                # it was heeded; and going on makes the kernel forget it where it still waited,
                # so that the relay may never hear of it
                self._pending = [item for item in self._pending if item[0] not in STOPPING]
                self._asked = [item for item in self._asked if item[0] not in STOPPING]
        else:
            self._status = status

    def _drain(self) -> None:
        """Wait until all that the job said is out, unless somebody has no time for that."""
        self._pending, self._asked = [], []
        self._ask_to_drain()
        while self._control and self._draining:
            self._turn(TICK)
            if any(number in ENDING for number, _ in self._pending):
                return

    def _settle(self) -> None:
        """What the job said before it stopped comes before what the shell says of the stop."""
        self._ask_to_drain()
        deadline = time.monotonic() + NO_ANSWER
        while self._control and self._draining and time.monotonic() < deadline:
            if select.select([self._control], [], [], MOMENT)[0]:
                self._hear()

    def _ask_to_drain(self) -> None:
        self._draining += 1
        self._say(DRAIN)

    def _leave(self, relay: int) -> None:
        """The relay goes by itself; if it has gone already, it shall not stay as a zombie."""
        if self._control:
            self._control.close()
        with suppress(ChildProcessError):
            os.waitpid(relay, os.WNOHANG)
