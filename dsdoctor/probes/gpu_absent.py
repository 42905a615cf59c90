"""A machine on which NVML shows no GPU: a CPU node, AMD's, or something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Inventory
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_common import evidence
from dsdoctor.probes.pci_devices import (
    AMD,
    NVIDIA,
    PciGpu,
    limited_view,
    pci_gpus,
)
from dsdoctor.probes.probe import Complaint, Reading
from dsdoctor.probes.site import Site

NO_DRIVER, NO_GPU = "DSH014", "DSH015"
CPU_ONLY = "no GPU: a CPU-only machine"
_KFD = "/dev/kfd"
_SHOWN = "NVIDIA_VISIBLE_DEVICES"


def without_driver(site: Site, reason: str = "") -> Reading:
    """There is no driver, or it is not loaded: is there anything that it should serve?"""
    gpus = pci_gpus(site.host, NVIDIA)
    if not gpus and (amd := _amd(site.host)):
        return Reading(f"{amd}; dsdoctor's GPU probes know NVIDIA's only", (), {"amd": True})
    facts: dict[str, Any] = {"count": 0, "on_bus": len(gpus)}
    if not gpus and not site.wanted_gpus:
        return Reading(CPU_ONLY, (), facts)
    why = _why(site.host, gpus, reason)
    told = evidence(f"{len(gpus)} NVIDIA GPUs on the bus", "/sys/bus/pci/devices")
    complaint = Complaint(NO_DRIVER, {"reason": why}, (told,), _severity(site))
    return Reading("no NVIDIA driver", (complaint,), facts)


def no_gpu_seen(site: Site, found: Inventory) -> Reading:
    """The driver is there and lists no GPU."""
    facts = {"count": 0, "driver": found.driver}
    summary = f"no GPU, though there is driver {found.driver}"
    gpus = pci_gpus(site.host, NVIDIA)
    if not gpus and not site.wanted_gpus:
        return Reading(summary, (), facts)
    values = {"reason": _why(site.host, gpus)}
    complaint = Complaint(NO_GPU, values, (evidence(summary),), _severity(site))
    return Reading(summary, (complaint,), facts)


def _why(host: Host, gpus: Sequence[PciGpu], reason: str = "") -> str:
    """The nearest thing to an explanation."""
    shown = host.environment.get(_SHOWN)
    if shown is not None and shown.strip() in ("", "void", "none"):
        return f"{_SHOWN}={shown}: the container was started without GPUs"
    if reason:
        return reason
    if gpus and (view := limited_view(host)):
        return f"this {view} has none of the {len(gpus)} NVIDIA GPUs of the machine"
    if gpus:
        drivers = ", ".join(sorted({gpu.driver or "none" for gpu in gpus}))
        return f"the kernel sees {len(gpus)} NVIDIA GPUs, served by driver: {drivers}"
    return "there is no NVIDIA GPU on the bus either"


def _severity(site: Site) -> Severity | None:
    """A container without the GPUs of its machine, or a torch for the CPU, may be meant so."""
    meant = bool(limited_view(site.host)) or _cpu_torch(site)
    return Severity.WARNING if meant and not site.wanted_gpus else None


def _cpu_torch(site: Site) -> bool:
    """Is the job's torch built without CUDA, as on a desktop with a card for its screen?"""
    try:
        versions = site.packages.versions()
    except Unavailable:
        return False
    return "torch" in versions and "torch.cuda" not in versions


def _amd(host: Host) -> str:
    """AMD's GPUs in words; empty where there are none that compute."""
    if host.link(_KFD) is None:
        return ""
    count = len(pci_gpus(host, AMD))
    return f"{count} AMD GPU{'s' * (count != 1)}" if count else "an AMD GPU"
