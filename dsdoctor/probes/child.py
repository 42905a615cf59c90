"""Asks a question in a child process: a driver that hangs takes only the child with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dsdoctor
from dsdoctor.probes.clients.unavailable import Unavailable

MAX_ANSWER = 8 << 20
TAIL = 300
HOME = str(Path(dsdoctor.__file__).parent.parent)
START = (
    "import sys; module, home = sys.argv[1:3]; "
    "sys.path[:] = [*filter(None, sys.path), home]; "
    "import runpy; runpy.run_module(module, run_name='__main__')"
)
"""Runs a module of ours. ``python -m`` would import from the current folder first, where the user's
own ``json.py`` may lie."""


def ask_child(
    module: str,
    request: Mapping[str, Any],
    timeout: float,
    *,
    python: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """Run ``python -m module`` with ``request`` on its input, and return its answer.

    The child prints one JSON value as the last line of its output.

    Raises:
        Unavailable: it took longer than ``timeout`` seconds, died, or gave no answer.
    """
    argv = [python or sys.executable, "-c", START, module, HOME]
    out, err, code = _talk(argv, json.dumps(request).encode(), timeout, environment)
    if code:
        raise Unavailable(_why(code, err))
    try:
        return json.loads(out[-MAX_ANSWER:].strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Unavailable(f"no answer{_tail(err)}") from None


def _talk(
    argv: Sequence[str], data: bytes, timeout: float, environment: Mapping[str, str] | None
) -> tuple[bytes, bytes, int]:
    """The child's output, its complaints and its exit code."""
    child = subprocess.Popen(  # noqa: S603 - no shell
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=dict(environment) if environment is not None else None,
    )
    try:
        out, err = child.communicate(data, timeout)
    except subprocess.TimeoutExpired:
        _end(child)
        raise Unavailable(f"no answer in {timeout:g} s") from None
    return out, err, child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's whole group. One stuck in the kernel cannot die: nobody waits for it."""
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            stream.close()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    try:
        child.wait(1)
    except subprocess.TimeoutExpired:
        return


def _why(code: int, err: bytes) -> str:
    if code < 0:
        return f"died of {signal.Signals(-code).name}{_tail(err)}"
    return f"exit code {code}{_tail(err)}"


def _tail(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1][-TAIL:]}" if lines else ""
