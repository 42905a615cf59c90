"""What is said below the output of a job that failed. Nothing here changes how dsdoctor ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from dsdoctor.cli.formats import TEXT, Outputs
from dsdoctor.errors import DsDoctorError
from dsdoctor.model import Report, Status, Verdict
from dsdoctor.witness.ending import in_words
from dsdoctor.witness.kernel_messages import kernel_messages
from dsdoctor.witness.testimony import Scene

LONGEST = 300.0
"""Seconds for reading even a very long log."""
PACE = 0.02


@dataclass(frozen=True, slots=True)
class Ending:
    """How the job ended, and where its story is."""

    status: int
    folder: Path
    scene: Scene


def explained(ending: Ending, outputs: Outputs, *, quiet: bool, verbose: bool) -> None:
    """Print the verdict to standard error and write the reports that were asked for.

    It happens in a child process: whatever goes wrong there, the job's exit code comes through.
    Ctrl-C ends the child and not more.
    """
    if quiet and not outputs.files:
        return
    before = {number: signal.signal(number, _given_up) for number in _ENDING}
    child = 0
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        child = os.fork()
        if not child:
            _tell(ending, outputs, quiet=quiet, verbose=verbose)
        _wait(child)
    except (_GivenUp, OSError):
        pass
    finally:
        if child:
            _end(child)
        for number, old in before.items():
            signal.signal(number, old)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class _GivenUp(BaseException):
    """Somebody does not want to wait for the verdict."""


def _given_up(*_: object) -> None:
    raise _GivenUp


def _wait(child: int) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(PACE)
    click.echo(f"dsdoctor: no verdict after {LONGEST:g} s", err=True)


def _end(child: int) -> None:
    with suppress(ProcessLookupError, ChildProcessError):
        if not os.waitpid(child, os.WNOHANG)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _tell(ending: Ending, outputs: Outputs, *, quiet: bool, verbose: bool) -> None:
    """The child's work; it never returns."""
    code = 1
    try:
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
        if quiet:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 2)
        with redirect_stdout(sys.stderr):
            _report(ending, outputs, verbose=verbose)
        sys.stderr.flush()
        code = 0
    except DsDoctorError as error:
        click.echo(f"dsdoctor: {error}", err=True)
    except BaseException as error:  # noqa: BLE001 - no trouble of ours hides the job's
        click.echo(f"dsdoctor: no verdict: {type(error).__name__}: {error}", err=True)
    finally:
        os._exit(code)


def _report(ending: Ending, outputs: Outputs, *, verbose: bool) -> None:
    from dsdoctor.cli.explain import examine
    from dsdoctor.knowledge.pack import load_pack

    kernel_messages(ending.scene.host, ending.scene.began, ending.folder)
    report = _fitting(examine((str(ending.folder),), load_pack()), ending)
    if outputs.screen == TEXT:
        click.echo(f"\ndsdoctor: the job failed, {in_words(ending.status)}; see {ending.folder}")
        click.echo()
    outputs.publish(report, verbose=verbose)


def _fitting(report: Report, ending: Ending) -> Report:
    """A log may look as if nothing were wrong; how the job ended says otherwise."""
    if report.verdict.root is not None:
        return report
    why = f"No cause found: {in_words(ending.status)}, and the log does not say why."
    return replace(report, verdict=Verdict(Status.INCONCLUSIVE, why))
