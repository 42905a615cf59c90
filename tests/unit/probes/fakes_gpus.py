"""Made-up GPUs, after what NVML says of real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsdoctor.probes.clients.gpus import (
    Fabric,
    Gpu,
    GpuMemory,
    GpuProcess,
    Inventory,
    Link,
    Mark,
    Pair,
    Remapped,
    Trouble,
)
from dsdoctor.probes.clients.unavailable import Unavailable

MIB = 1 << 20
H200 = "NVIDIA H200"
H100 = "NVIDIA H100 80GB HBM3"
A100 = "NVIDIA A100-SXM4-40GB"
_MIB_OF = {H200: 143_771, H100: 81_559, A100: 40_960}


class FakeGpus:
    """A driver that says what it was told to, or raises it."""

    def __init__(self, answer: Inventory | Exception) -> None:
        self.answer = answer
        self.asked = 0

    def inventory(self) -> Inventory:
        """The answer, counted."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def gpu(index: int = 0, name: str = H200, **changes: Any) -> Gpu:
    """A healthy idle GPU of an HGX board, as an H200 with driver 580 tells of itself."""
    total = _MIB_OF.get(name, 81_920) * MIB
    healthy = Gpu(
        index=index,
        uuid=f"GPU-{index:08x}-1111-2222-3333-444444444444",
        name=name,
        bus=f"0000:{index + 6:02x}:00",
        capability=(8, 0) if name == A100 else (9, 0),
        memory=GpuMemory(total, 0, 616 * MIB),
        processes=(),
        link=Link(5, 5, 5, 16, 16),
        nvlinks=(True,) * 18,
        fabric=Fabric(3, 0, 0),
        ecc_now=0,
        ecc_ever=0,
        remapped=Remapped(0, 0, pending=False, failed=False),
        recovery=0,
        slow=0,
        temperature=31,
        compute_mode=0,
        persistence=True,
        mig=False,
    )
    return replace(healthy, **changes)


def machine(*gpus: Gpu, count: int = 8, **changes: Any) -> Inventory:
    """A machine with the given GPUs, or ``count`` H200, all connected with each other."""
    chosen = gpus or tuple(gpu(index) for index in range(count))
    pairs = tuple(
        Pair(first.index, second.index, 0, 0, 50)
        for position, first in enumerate(chosen)
        for second in chosen[position + 1 :]
    )
    healthy = Inventory(driver="580.159.04", cuda=(13, 0), gpus=chosen, pairs=pairs)
    return replace(healthy, **changes)


def held(mib: int, *processes: GpuProcess, name: str = H200) -> dict[str, Any]:
    """Changes that make a GPU's memory be in use."""
    total = _MIB_OF[name] * MIB
    return {"memory": GpuMemory(total, mib * MIB, 616 * MIB), "processes": processes}


def process(pid: int = 4711, mib: int = 40_000, name: str = "python3") -> GpuProcess:
    """A process that computes."""
    return GpuProcess(pid, name, "ann", mib * MIB)


def in_trouble(trouble: Trouble, detail: str = "") -> FakeGpus:
    """A driver that does not start."""
    return FakeGpus(Inventory(trouble=trouble, detail=detail))


def silent() -> FakeGpus:
    """Nobody can be asked."""
    return FakeGpus(Unavailable("died of SIGSEGV"))


LOST = Gpu(index=3, bus="0000:09:00", mark=Mark.LOST)
