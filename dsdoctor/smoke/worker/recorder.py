"""What a rank tells of itself, line by line into a file of its own."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any


class Recorder:
    """Appends events to ``rank-<n>.jsonl``; each is on disk before the next thing happens."""

    def __init__(self, folder: Path) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        self.world_size = int(os.environ.get("WORLD_SIZE", "1"))
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"rank-{self.rank}.jsonl").open("a", encoding="utf-8", buffering=1)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, event: str, **values: Any) -> None:
        """One line."""
        self._file.write(json.dumps({"event": event, "time": time.time(), **values}) + "\n")

    def phase(self, name: str) -> None:
        """What begins now: if nothing follows, it hangs here."""
        self.write("phase", name=name)

    def start(self, device: str, versions: dict[str, str]) -> None:
        """Who this rank is."""
        self.write(
            "start",
            rank=self.rank,
            local_rank=self.local_rank,
            world_size=self.world_size,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=device,
            versions=versions,
        )

    def step(self, number: int, loss: float, seconds: float, *, skipped: bool) -> None:
        """One optimizer step; the loss is this rank's own."""
        self.write("step", step=number, loss=loss, seconds=seconds, skipped=skipped)
