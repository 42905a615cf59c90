"""The flight recorder of torch's NCCL group: switched on for a run, asked when the run hangs.

Names as read by torch 2.2 to 2.13 (ProcessGroupNCCL.hpp, FlightRecorder.hpp); the older ones are
still understood by the newer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

DUMPS = "nccl_trace_rank_"
PIPES = "nccl-ask-"
ENTRIES = 2000
PATIENCE = 5.0


def recorder_settings(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to set, none that the user has set in one way or another."""
    groups: tuple[dict[str, str], ...] = (
        {"TORCH_NCCL_TRACE_BUFFER_SIZE": str(ENTRIES), "TORCH_FR_BUFFER_SIZE": str(ENTRIES)},
        {"TORCH_NCCL_DUMP_ON_TIMEOUT": "1", "TORCH_FR_DUMP_ON_TIMEOUT": "1"},
        {
            "TORCH_NCCL_DEBUG_INFO_TEMP_FILE": str(folder / DUMPS),
            "TORCH_FR_DUMP_TEMP_FILE": str(folder / DUMPS),
        },
        {"TORCH_NCCL_DEBUG_INFO_PIPE_FILE": str(folder / PIPES)},
    )
    free = [group for group in groups if not group.keys() & environment.keys()]
    return {name: value for group in free for name, value in group.items()}


def ask_recorders(folder: Path, meanwhile: Callable[[], None] = lambda: None) -> list[Path]:
    """Have every rank write down what it waits for; the dumps that are there afterwards."""
    asked = [pipe for pipe in sorted(folder.glob(f"{PIPES}*")) if _ask(pipe)]
    deadline = time.monotonic() + PATIENCE
    while asked and time.monotonic() < deadline:
        meanwhile()
        if len(list(folder.glob(f"{DUMPS}*"))) >= len(asked):
            break
        time.sleep(0.1)
    return sorted(folder.glob(f"{DUMPS}*"))


def _ask(pipe: Path) -> bool:
    """Write to a named pipe that somebody reads; without a reader, opening it fails."""
    with suppress(OSError):
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        try:
            return os.write(descriptor, b"1\n") > 0
        finally:
            os.close(descriptor)
    return False
