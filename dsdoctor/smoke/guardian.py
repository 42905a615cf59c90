"""Ends a run whose dsdoctor was killed: ``python -m dsdoctor.smoke.guardian``.

Its input is a pipe from dsdoctor. The first line says what to guard; a later line ``done`` says
that all is well. The end of the input without it means that dsdoctor is gone. It has a session
of its own and ignores what the terminal sends, so it outlives what it guards against.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

from dsdoctor.smoke.holdings import Holdings
from dsdoctor.smoke.processes import end_all

DONE = "done"


def main() -> None:
    """Wait for the end of the input, and clean up if it comes too early."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    order = json.loads(sys.stdin.readline() or "null")
    if order is None:
        return
    holdings = Holdings(Path(order["cache"]), port=str(order["port"]))
    if any(line.strip() == DONE for line in sys.stdin):
        return
    mark = order["mark"]
    end_all(mark, None, frozen=holdings.look)
    holdings.release()
    for folder in order["remove"]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
