"""Whether the job's GPUs are alike: ZeRO gives every rank the same share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu, GpuMemory
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, all_named, evidence, gib, known
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

DIFFER = "DSH130"
SLACK = 0.03
"""Cards of one model differ a little in memory, by ECC and what the firmware keeps."""


def look(site: Site) -> Reading:
    """Compare model, memory and compute capability."""
    gpus = chosen(site)
    if len(gpus) < 2:
        raise Skip("only one GPU")
    memory = [known(gpu.memory) for gpu in gpus]
    sizes = [item.total for item in memory if item]
    capabilities = _groups(gpus, _capability)
    uneven = bool(sizes) and min(sizes) < max(sizes) * (1 - SLACK)
    models = _groups(gpus, lambda gpu: gpu.name)
    facts: dict[str, Any] = {"alike": len(models) == 1 and not uneven}
    if facts["alike"]:
        return Reading(f"{len(gpus)} alike", (), facts)
    parts = [_told("model", models)]
    if uneven:
        parts.append(_told("memory", _groups(gpus, _memory)))
    if len(capabilities) > 1:
        parts.append(_told("compute capability", capabilities))
    matters = uneven or len(capabilities) > 1
    return Reading("they differ", (_complaint(parts, sizes, matters),), facts)


def _complaint(parts: Sequence[str], sizes: Sequence[int], matters: bool) -> Complaint:
    """Different names with the same memory and capability are worth a word only."""
    detail = "; ".join(part for part in parts if part)
    values = {"detail": detail}
    if sizes and min(sizes) < max(sizes) * (1 - SLACK):
        values["smallest"] = gib(min(sizes))
    severity = None if matters else Severity.INFO
    return Complaint(DIFFER, values, (evidence(detail),), severity)


def _groups(gpus: Sequence[Gpu], kind: Callable[[Gpu], str]) -> Mapping[str, list[Gpu]]:
    groups: defaultdict[str, list[Gpu]] = defaultdict(list)
    for gpu in gpus:
        groups[kind(gpu)].append(gpu)
    return groups


def _memory(gpu: Gpu) -> str:
    return gib(gpu.memory.total) if isinstance(gpu.memory, GpuMemory) else "unknown"


def _capability(gpu: Gpu) -> str:
    pair = gpu.capability
    return f"{pair[0]}.{pair[1]}" if pair else "unknown"


def _told(what: str, groups: Mapping[str, list[Gpu]]) -> str:
    """``memory 79.6 GiB on GPU 0-2, 39.4 GiB on GPU 3``; empty where all are alike."""
    if len(groups) < 2:
        return ""
    return f"{what} " + ", ".join(f"{name} on {all_named(gpus)}" for name, gpus in groups.items())


PROBES: tuple[Probe, ...] = (Probe("gpu-equal", "GPUs alike", look, budget=BUDGET),)
