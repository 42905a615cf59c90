"""Whether pairs of GPUs may read each other's memory, and how far apart they sit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu, Mark, Pair
from dsdoctor.probes.gpu_common import MAX_NAMED, evidence, known
from dsdoctor.probes.gpu_nvlink import active, on_board
from dsdoctor.probes.probe import Complaint

NO_PEER = "DSH138"
_DISABLED = 4
_STATES = {
    1: "the chipset does not support it",
    2: "the GPUs do not support it",
    3: "they sit on different I/O hubs",
    _DISABLED: "an administrator switched it off",
    5: "not supported",
}
"""NVML_P2P_STATUS_*; the driver's "unknown" (6) says nothing."""
_LEVELS = {0: "same board", 10: "PIX", 20: "PXB", 30: "PHB", 40: "NODE", 50: "SYS"}
"""NVML's topology levels by the names of ``nvidia-smi topo -m``."""


def peer_complaints(pairs: Sequence[Pair], gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """Pairs without peer access. NCCL then copies through the host, which is slower; on a board
    with NVLink, or where somebody switched it off, it is not meant so.
    """
    whole = {gpu.index for gpu in gpus if gpu.mig is not True}
    linked = {gpu.index for gpu in gpus if active(gpu) and on_board(gpu)}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    serious = False
    for pair in pairs:
        state = _worst(pair)
        if not state or not {pair.first, pair.second} <= whole:
            continue
        groups[_STATES[state]].append(f"{pair.first}-{pair.second}")
        serious |= state == _DISABLED or {pair.first, pair.second} <= linked
    if not groups:
        return ()
    detail = "; ".join(f"GPU {_listed(names)}: {state}" for state, names in groups.items())
    severity = None if serious else Severity.INFO
    return (Complaint(NO_PEER, {"detail": detail}, (evidence(detail),), severity),)


def distances(pairs: Sequence[Pair]) -> dict[str, int]:
    """How many pairs sit how far apart: ``{"NODE": 12, "SYS": 16}``."""
    counts: defaultdict[str, int] = defaultdict(int)
    for pair in pairs:
        level = pair.level
        name = level.value if isinstance(level, Mark) else _LEVELS.get(level, str(level))
        counts[name] += 1
    return dict(sorted(counts.items()))


def _worst(pair: Pair) -> int:
    """The state that forbids access; 0 if nothing does, or the driver does not tell."""
    states = (known(pair.read), known(pair.write))
    return max((state for state in states if state in _STATES), default=0)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more pairs" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
