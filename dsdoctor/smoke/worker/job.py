"""One rank from its start to its end."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from .recorder import Recorder

SHM = Path("/dev/shm")  # noqa: S108 - the place where POSIX shared memory is
KINDS = {"plain": ".plain", "trainer": ".hf_trainer", "accelerate": ".accelerated"}
"""Each imports only what it needs: transformers may be absent."""


def run(path: Path) -> None:
    """Do what the plan says. An exception ends the rank with its traceback in the log."""
    plan = json.loads(path.read_text(encoding="utf-8"))
    with Recorder(Path(plan["folder"])) as record:
        record.phase("init")  # before torch is imported, which can take long or hang
        measure = importlib.import_module(".measure", __package__)
        name = measure.device_name(plan["device"], record.local_rank)
        record.start(name, measure.versions())
        importlib.import_module(KINDS[plan["kind"]], __package__).train(plan, record)
        record.phase("end")
        _leave(plan, record)
        record.write("end", ok=True)


def _leave(plan: dict[str, Any], record: Recorder) -> None:
    """Wait for the others, then remove what DeepSpeed leaves on this host: swap, shared memory."""
    import torch.distributed as dist

    dist.barrier()
    if record.local_rank == 0:
        for segment in SHM.glob(f"deepspeed_*_{os.environ.get('MASTER_PORT')}_*"):
            segment.unlink(missing_ok=True)
        for folder in plan["scratch"]:
            shutil.rmtree(folder, ignore_errors=True)
    dist.destroy_process_group()
