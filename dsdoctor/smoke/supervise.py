"""Runs a job to its end, be it good, bad or by force, and leaves nothing of it behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.smoke.folder import RunFolder
from dsdoctor.smoke.holdings import Holdings, extensions_folder
from dsdoctor.smoke.joblog import JobLog
from dsdoctor.smoke.launch import Launch
from dsdoctor.smoke.processes import end_all, marked
from dsdoctor.smoke.recorder import ask_recorders
from dsdoctor.smoke.records import read_records
from dsdoctor.smoke.stacks import MISSING, collect, py_spy
from dsdoctor.smoke.stopping import Stop
from dsdoctor.smoke.watch import Limits, Watch

CHUNK = 256 * 1024
TICK = 0.1
LOOK = 1.0
LINGER = 3.0
"""Seconds in which the ranks may still end by themselves once their launcher is gone."""

RECALL = 20.0
"""Seconds for a launcher to end the ranks on other hosts."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    ``code`` is the launcher's, negative for a signal, None where it had to be ended. ``hung``
    says why it had to; ``stopped`` is the signal with which somebody ended dsdoctor.
    """

    code: int | None
    seconds: float
    hung: str = ""
    stopped: int | None = None
    notes: tuple[str, ...] = ()


def supervise(
    launch: Launch,
    folder: RunFolder,
    limits: Limits,
    stop: Stop,
    tell: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Run ``launch`` and write its output to the folder's job.log.

    Args:
        launch: what to start.
        folder: where the ranks write, and the mark of the run's processes.
        limits: when the run counts as hung.
        stop: set by a signal to dsdoctor.
        tell: told what the user should know while it runs.

    Raises:
        UsageError: it cannot be started.
    """
    started = time.monotonic()
    with JobLog(folder.log) as log:
        run = _Run(launch, folder, log, stop)
        hung, notes = "", []
        try:
            hung = run.watch(Watch(folder.path, limits, tell))
            code = run.process.poll()
            if hung:
                notes = run.testimony()
        finally:
            left = run.end()
    if left:
        notes.append(f"could not be ended: process {', '.join(map(str, sorted(left)))}")
    return Ended(code, time.monotonic() - started, hung, stop.signal, tuple(notes))


class _Run:
    """The launcher, its output, and all that came of it."""

    def __init__(self, launch: Launch, folder: RunFolder, log: JobLog, stop: Stop) -> None:
        self._folder = folder
        self._log = log
        self._stop = stop
        self._env = launch.env
        self._remote = launch.remote
        port = launch.env.get("MASTER_PORT", "")
        self._holdings = Holdings(extensions_folder(launch.env), port=port)
        self._looked = 0.0
        self._processes: dict[int, str] = {}
        self._recording = True
        self.process = _started(launch)
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        self._pipe = self.process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)

    def watch(self, watch: Watch) -> str:
        """Until it ends, hangs, or somebody stops us; why it hangs."""
        while not self._stop.noted and self.process.poll() is None:
            self._pump(TICK)
            if self._look() and (reason := watch.complaint(self._processes)):
                return reason
        self._linger()
        return ""

    def testimony(self) -> list[str]:
        """Have a hung run say where it stands, before it is ended."""
        ask_recorders(self._folder.path, self._drain)
        python = self.process.args[0] if isinstance(self.process.args, list) else ""
        program = py_spy(str(python), self._env)
        if program is None:
            return [MISSING]
        pids = list(marked(self._folder.mark))
        ranks = read_records(self._folder.path)
        trouble = collect(program, ranks, pids, self._folder.path, self._drain)
        return [trouble] if trouble else []

    def end(self) -> set[int]:
        """End all that still lives; nothing that it says of that belongs to the story."""
        self._recording = False
        if self._remote:
            self._recall()
        left = end_all(self._folder.mark, self.process.pid, self._drain, self._holdings.look)
        self._drain()
        if self.process.pid not in left:
            self.process.wait()
        self._selector.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._holdings.release()
        return left

    def _recall(self) -> None:
        """Ask the launcher alone: only it can end the ranks on other hosts, which takes time."""
        deadline = time.monotonic() + RECALL
        if self.process.poll() is None:
            self.process.terminate()
        while self.process.poll() is None and time.monotonic() < deadline:
            self._pump(TICK)

    def _look(self) -> bool:
        """Once in a while see which processes there are, and what they hold."""
        now = time.monotonic()
        self._holdings.look_at_locks(lambda: marked(self._folder.mark))
        if now - self._looked < LOOK:
            return False
        self._looked = now
        self._processes = marked(self._folder.mark)
        self._holdings.look(self._processes)
        return True

    def _linger(self) -> None:
        """Let the ranks finish what they say."""
        deadline = time.monotonic() + LINGER
        while not self._stop.noted and time.monotonic() < deadline and self._pump(TICK):
            self._look()

    def _drain(self) -> None:
        self._pump(0)

    def _pump(self, seconds: float) -> bool:
        """Take output, if there is any within ``seconds``; False once nobody can write more."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return False
        if not self._selector.select(seconds):
            return True
        try:
            chunk = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            return True
        if not chunk:
            self._selector.unregister(self._pipe)
            return False
        if self._recording:
            self._log.write(chunk)
        return True


def _started(launch: Launch) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - an argument list
            list(launch.argv),
            env=dict(launch.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(
            f"{Path(launch.argv[0]).name} cannot be started: {error.strerror}",
            location=launch.argv[0],
        ) from None


def in_words(code: int | None) -> str:
    """``exit code 1``, ``ended by SIGKILL``."""
    if code is None:
        return "had to be ended"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
