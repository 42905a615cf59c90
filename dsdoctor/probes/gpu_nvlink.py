"""NVLinks that a card has and that are not up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Fabric, Gpu
from dsdoctor.probes.gpu_common import folded, graded, known
from dsdoctor.probes.probe import Complaint

INACTIVE = "DSH137"


def nvlink_complaints(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """A GPU with fewer links than its like is ill; one model without any link may be built so.

    A card in a slot has NVLink only with a bridge, so that none being up is normal there.
    """
    # a divided GPU has its links switched off
    whole = [gpu for gpu in gpus if gpu.mig is not True]
    if len(whole) < 2:
        return ()
    fewer = list(_fewer(whole))
    if fewer:
        partly = any(active(gpu) or on_board(gpu) for gpu, _ in fewer)
        return graded(folded(INACTIVE, fewer), None if partly else Severity.INFO)
    none = [(gpu, f"none of {len(known(gpu.nvlinks) or ())} up") for gpu in whole if _all_down(gpu)]
    severity = None if any(on_board(gpu) for gpu, _ in none) else Severity.INFO
    return graded(folded(INACTIVE, none), severity)


def active(gpu: Gpu) -> int | None:
    """How many links are up; None for a card without NVLink."""
    links = known(gpu.nvlinks)
    return sum(links) if links is not None else None


def _fewer(gpus: Sequence[Gpu]) -> Iterator[tuple[Gpu, str]]:
    """GPUs with fewer links up than others of the same model."""
    models: defaultdict[str, list[Gpu]] = defaultdict(list)
    for gpu in gpus:
        if active(gpu) is not None:
            models[gpu.name].append(gpu)
    for alike in models.values():
        most = max(active(gpu) or 0 for gpu in alike)
        for gpu in alike:
            if (count := active(gpu) or 0) < most:
                yield gpu, f"{count} of {most} links up"


def _all_down(gpu: Gpu) -> bool:
    return active(gpu) == 0


def on_board(gpu: Gpu) -> bool:
    """Is it soldered to a board with NVLink (SXM), rather than a card in a slot?"""
    fabric = isinstance(gpu.fabric, Fabric) and gpu.fabric.state != 0
    return fabric or "SXM" in gpu.name or "HBM" in gpu.name
