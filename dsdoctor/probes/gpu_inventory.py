"""Which GPUs this machine has, and whether they are as many as the job wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dsdoctor.probes.clients.gpus import Gpu, Inventory, Mark, NoDriver
from dsdoctor.probes.gpu_absent import no_gpu_seen, without_driver
from dsdoctor.probes.gpu_choice import visible, wanted
from dsdoctor.probes.gpu_common import BUDGET, GIB, evidence, folded, known
from dsdoctor.probes.gpu_trouble import FORBIDDEN, trouble_of
from dsdoctor.probes.pci_devices import NVIDIA, PciGpu, limited_view, pci_gpus
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site
from dsdoctor.probes.visible_devices import VARIABLE

TOO_FEW, OFF_BUS, SILENT, HIDDEN = "DSL037", "DSH007", "DSH051", "DSH131"
_TOLD_ELSEWHERE = (Mark.LOST, Mark.RESET, Mark.NO_PERMISSION)


def look(site: Site) -> Reading:
    """Ask the driver, and the kernel where the driver says nothing."""
    try:
        found = site.gpus.inventory()
    except NoDriver:
        return without_driver(site)
    if found.trouble:
        return trouble_of(site, found)
    if not found.gpus:
        return no_gpu_seen(site, found)
    return Reading(_summary(found), _complaints(site, found), facts_of(found))


def facts_of(found: Inventory) -> dict[str, Any]:
    """What two hosts of one kind have in common: no addresses, no serial numbers."""
    return {
        "count": len(found.gpus),
        "driver": found.driver,
        "cuda": version(found.cuda),
        "gpus": [_facts(gpu) for gpu in found.gpus],
    }


def version(pair: tuple[int, int] | Mark | None) -> str:
    """``12.4``; empty where it is not known."""
    return "" if pair is None or isinstance(pair, Mark) else f"{pair[0]}.{pair[1]}"


def _facts(gpu: Gpu) -> Mapping[str, Any]:
    if gpu.mark:
        return {"mark": gpu.mark.value}
    memory = known(gpu.memory)
    return {
        "name": gpu.name,
        "memory_gib": round(memory.total / GIB) if memory else None,
        "capability": version(gpu.capability),
    }


def _summary(found: Inventory) -> str:
    """``2 x NVIDIA H200 140 GiB, driver 580.159.04 (CUDA 13.0)``."""
    kinds = Counter(_kind(gpu) for gpu in found.gpus)
    parts = [f"{count} x {kind}" for kind, count in kinds.items()]
    cuda = version(found.cuda)
    parts.append(f"driver {found.driver}" + (f" (CUDA {cuda})" if cuda else ""))
    return ", ".join(parts)


def _kind(gpu: Gpu) -> str:
    if gpu.mark:
        return f"GPU that does not answer ({gpu.mark.value})"
    memory = known(gpu.memory)
    return f"{gpu.name} {memory.total / GIB:.0f} GiB" if memory else gpu.name


def _complaints(site: Site, found: Inventory) -> tuple[Complaint, ...]:
    lost = [(gpu, "is lost") for gpu in found.gpus if gpu.mark is Mark.LOST]
    # one that only needs a reset is told by gpu-health
    silent = [
        (gpu, gpu.mark.value) for gpu in found.gpus if gpu.mark and gpu.mark not in _TOLD_ELSEWHERE
    ]
    return (
        *folded(OFF_BUS, lost),
        *folded(SILENT, silent),
        *_forbidden(site, found),
        *_hidden(site, found),
        *_too_few(site, found),
    )


def _forbidden(site: Site, found: Inventory) -> tuple[Complaint, ...]:
    """GPUs that this user may not open. In a job or a container they are somebody else's."""
    if limited_view(site.host):
        return ()
    refused = [gpu for gpu in found.gpus if gpu.mark is Mark.NO_PERMISSION]
    return folded(FORBIDDEN, [(gpu, "not permitted") for gpu in refused])


def _hidden(site: Site, found: Inventory) -> tuple[Complaint, ...]:
    """GPUs on the bus that the driver does not list, where this process should see them all."""
    told = {gpu.bus for gpu in found.gpus}
    if limited_view(site.host) or any(gpu.mark for gpu in found.gpus):
        return ()
    missing = [gpu for gpu in pci_gpus(site.host, NVIDIA) if gpu.bus not in told]
    if not missing:
        return ()
    words = ", ".join(_where(gpu) for gpu in missing[:8])
    values = {"count": str(len(missing)), "detail": words}
    return (Complaint(HIDDEN, values, (evidence(words, "/sys/bus/pci/devices"),)),)


def _where(gpu: PciGpu) -> str:
    return f"{gpu.bus} (driver: {gpu.driver or 'none'})"


def _too_few(site: Site, found: Inventory) -> tuple[Complaint, ...]:
    """Fewer GPUs than wanted, be it that they are not there or not shown."""
    number = wanted(site)
    gpus = [gpu for gpu in found.gpus if gpu.mark is None]
    seen = visible(site, gpus)
    # CUDA counts instances of divided GPUs, not GPUs
    if number is None or len(seen) >= number or any(gpu.mig is True for gpu in gpus):
        return ()
    values = {"wanted": str(number), "count": str(len(seen))}
    if len(seen) < len(gpus):
        value = site.host.environment.get(VARIABLE, "")[:200]
        values["reason"] = f"{VARIABLE}={value} hides {len(gpus) - len(seen)} of {len(gpus)}"
    return (Complaint(TOO_FEW, values, (evidence(f"{len(gpus)} GPUs answer"),)),)


PROBES: tuple[Probe, ...] = (Probe("gpus", "GPUs and their driver", look, budget=BUDGET),)
