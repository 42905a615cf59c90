"""What ``dsdoctor smoke`` can be asked, as one value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.smoke.request import Launcher

_SIZE = re.compile(r"(?i)^\s*(\d{1,6}(?:\.\d{1,3})?)\s*([KMGT]?)(i?)B?\s*$")


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, read."""

    config: Path | None
    before: Path | None
    after: Path | None
    matrix: bool
    gpus: int | None
    world_size: int | None
    stage: int | None
    steps: int
    launcher: Launcher
    trainer: bool
    model: Path | None
    layers: int | None
    hidden: int | None
    sequence: int | None
    micro_batch: int | None
    gpu_memory: int | None
    hostfile: Path | None
    timeout: float
    anyway: bool
    keep: Path | None
    python: str | None
    checkpoint: bool
    gather: bool

    def check(self) -> None:
        """See that they go together.

        Raises:
            UsageError: they do not.
        """
        if (self.before is None) != (self.after is None):
            raise UsageError("--before and --after go together", hint="give both")
        named = [self.config is not None, self.before is not None, self.matrix]
        if sum(named) > 1:
            raise UsageError(
                "CONFIG, --before with --after, and --matrix are three ways to call it",
                hint="give one of them",
            )
        if self.gpus == 0:
            raise UsageError("no job runs on 0 GPUs", hint="--gpus 1 is the least")
        if self.model is not None and not (self.model / "config.json").is_file():
            raise UsageError("there is no config.json in it", location=str(self.model))


def one_of(config: Path | None, alias: Path | None) -> Path | None:
    """CONFIG and ``--config`` are two names of one thing."""
    if config is not None and alias is not None:
        raise UsageError("CONFIG is named twice", hint="leave out --config")
    return config or alias


def size(text: str | None) -> int | None:
    """``24GiB`` in bytes; ``24GB`` and ``24G`` mean the same, as on the box of a GPU.

    Raises:
        UsageError: it is no size.
    """
    if text is None:
        return None
    match = _SIZE.match(text)
    count = float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " ") if match else 0
    if count < 1:
        raise UsageError(f"not a size of memory: {text[:20]!r}", hint="--gpu-memory 24GiB")
    return int(count)
