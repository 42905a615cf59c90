"""Faults that the GPUs remember and that the kernel wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Fabric, Gpu, Mark, Remapped
from dsdoctor.probes.gpu_common import BUDGET, folded, graded, inventory_of, known
from dsdoctor.probes.gpu_xid import PATIENCE, kernel_xids, xid_complaints
from dsdoctor.probes.pci_devices import limited_view
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

ECC, REPAIR, FABRIC = "DSH048", "DSH049", "DSH058"
_ACTIONS = {
    1: "a reset of the GPU",
    2: "a reboot of the node",
    3: "an end to peer-to-peer work",
    4: "an end to the work on it and a reset",
    5: "a recovery of the IMEX domain",
    6: "a reset of its bus",
    7: "a restart of the system",
}
"""NVML_GPU_RECOVERY_ACTION_*"""
_FABRIC_STATES = {1: "not started", 2: "in progress"}
_FABRIC_HEALTH = {2: "unhealthy", 3: "limited capacity"}


def look(site: Site) -> Reading:
    """Errors of memory, repairs that wait, the fabric, and Xids since the boot."""
    gpus = inventory_of(site).gpus
    xids, source = kernel_xids(site.host)
    if limited_view(site.host):
        ours = {gpu.bus for gpu in gpus}
        xids = [xid for xid in xids if xid.bus in ours]
    complaints = (
        *_ecc(gpus),
        *_repair(gpus),
        *folded(FABRIC, [(gpu, words) for gpu in gpus if (words := fabric(gpu.fabric))]),
        *xid_complaints(xids, gpus, source),
    )
    return Reading(_summary(complaints, source), complaints, _facts(gpus, source))


def repairs(gpu: Gpu) -> str:
    """What waits for a reset, or could not be repaired; empty if nothing."""
    words = ["a reset is required"] if gpu.mark is Mark.RESET else []
    if isinstance(gpu.remapped, Remapped):
        if gpu.remapped.failed:
            words.append("bad memory rows could not be remapped")
        if gpu.remapped.pending:
            words.append("bad memory rows wait to be remapped (reset)")
    if gpu.retired_pending is True:
        words.append("bad memory pages wait to be retired (reset)")
    if action := known(gpu.recovery):
        words.append(f"the driver asks for {_ACTIONS.get(action, f'action {action}')}")
    return ", ".join(words)


def fabric(value: Fabric | Mark) -> str:
    """What keeps the GPU from its NVSwitch fabric; empty if nothing or it has none."""
    if isinstance(value, Mark) or value.state == 0:
        return ""
    words = [_FABRIC_STATES[value.state]] if value.state in _FABRIC_STATES else []
    if value.status and not words:
        words.append(f"ended with NVML status {value.status}")
    if value.health in _FABRIC_HEALTH:
        words.append(_FABRIC_HEALTH[value.health])
    return ", ".join(words)


def _repair(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """A GPU that waits for its reset takes no work before."""
    told = folded(REPAIR, [(gpu, words) for gpu in gpus if (words := repairs(gpu))])
    unusable = any(gpu.mark is Mark.RESET for gpu in gpus)
    return graded(told, Severity.ERROR if unusable else None)


def _ecc(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """Errors beyond correction; those of earlier times may be repaired."""
    now = [
        (gpu, f"{count} since the driver started")
        for gpu in gpus
        if (count := known(gpu.ecc_now) or 0)
    ]
    if now:
        return folded(ECC, now)
    ever = [(gpu, f"{count} in its life") for gpu in gpus if (count := known(gpu.ecc_ever) or 0)]
    return graded(folded(ECC, ever), Severity.INFO)


def _summary(complaints: Sequence[Complaint], source: str) -> str:
    words = "see below" if complaints else "no faults"
    return words if source else f"{words}; the kernel's log may not be read"


def _facts(gpus: Sequence[Gpu], source: str) -> dict[str, Any]:
    return {
        "kernel_log": source or "not permitted",
        "ecc_ever": [known(gpu.ecc_ever) for gpu in gpus],
        "remapped_rows": [
            gpu.remapped.correctable + gpu.remapped.uncorrectable
            if isinstance(gpu.remapped, Remapped)
            else None
            for gpu in gpus
        ],
    }


PROBES: tuple[Probe, ...] = (Probe("gpu-health", "GPU faults", look, budget=BUDGET + PATIENCE),)
