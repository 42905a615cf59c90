"""Ends dsdoctor as the job has ended, for a shell and for a parent that looks at the status."""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress


def end_like(status: int) -> int:
    """Die of the signal that the job died of, or return its exit code.

    What the job left as a core dump is its own; dsdoctor leaves none. Process 1 of a container
    cannot die of a signal: then the code is what a shell makes of it.
    """
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number


def in_words(status: int) -> str:
    """``exit code 1``, ``ended by SIGKILL``."""
    if not os.WIFSIGNALED(status):
        return f"exit code {os.WEXITSTATUS(status)}"
    try:
        return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    except ValueError:
        return f"ended by signal {os.WTERMSIG(status)}"
