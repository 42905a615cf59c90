"""What nvidia-smi said about a GPU, whichever of its outputs it was read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FactKind = Literal["ecc", "repair", "slow", "unreadable", "mig", "mode", "link", "fabric"]

TROUBLE = ("Unknown Error", "GPU requires reset", "GPU is lost", "ERR!")
"""Values that nvidia-smi prints where a GPU does not answer."""


@dataclass(frozen=True, slots=True)
class GpuFact:
    """One value out of order: its kind, in words, and the line that says it."""

    kind: FactKind
    detail: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds memory of the GPU. ``pid`` is the host's or the container's."""

    pid: int
    name: str
    mib: int
    line: int
    text: str


@dataclass(slots=True)
class Gpu:
    """One GPU. ``index`` counts in nvidia-smi's order, ``bus`` is as ``pci_address`` spells it."""

    index: int
    bus: str
    line: int
    used_mib: int = 0
    used_line: int = 0
    used_text: str = ""
    facts: dict[tuple[str, str], GpuFact] = field(default_factory=dict)
    processes: dict[int, GpuProcess] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``GPU 3 (0000:3b:00)``."""
        return f"GPU {self.index} ({self.bus})" if self.bus else f"GPU {self.index}"

    def add(self, kind: FactKind, detail: str, line: int, text: str) -> None:
        """Note a fact once; one unreadable value is enough for each way to be unreadable."""
        self.facts.setdefault((kind, detail), GpuFact(kind, detail, line, text))
