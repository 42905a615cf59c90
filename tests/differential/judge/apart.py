"""Does something in a process of its own, which may hang or die and leaves nothing behind."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable

from tests.differential.judge.reading import Failure

LIMIT = 60.0
"""Seconds that one piece of work may take."""

LOST: Failure = {"stage": "lost", "exception": "Lost", "message": "hung or died"}


def apart(work: Callable[[], Failure]) -> Failure:
    """What ``work`` returns; ``LOST`` if it hangs or dies."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.close(reader)
            os.write(writer, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    said = _heard(reader, time.monotonic() + LIMIT)
    _end(child)
    os.close(reader)
    return json.loads(said) if said else LOST


def _heard(reader: int, until: float) -> bytes:
    """All that a process writes before it ends or its time is up."""
    said = b""
    while (left := until - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            break
        said += piece
    return said


def _end(child: int) -> None:
    """End it and what it started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
