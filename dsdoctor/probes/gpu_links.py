"""How the GPUs are connected: to the host by PCIe, to each other by NVLink or PCIe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dsdoctor.probes.clients.gpus import Gpu, Link
from dsdoctor.probes.gpu_common import BUDGET, folded, inventory_of, known
from dsdoctor.probes.gpu_nvlink import active, nvlink_complaints
from dsdoctor.probes.gpu_peers import distances, peer_complaints
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

NARROW, OLD_SLOT = "DSH057", "DSH136"


def look(site: Site) -> Reading:
    """Lanes, generation, NVLinks, and what each pair may do."""
    found = inventory_of(site)
    gpus = [gpu for gpu in found.gpus if gpu.mark is None]
    if not gpus:
        raise Skip("no GPU answers (see gpus)")
    complaints = (
        *folded(NARROW, [(gpu, words) for gpu in gpus if (words := _narrow(gpu.link))]),
        *_old_slot(gpus),
        *nvlink_complaints(gpus),
        *peer_complaints(found.pairs, gpus),
    )
    facts = {
        "pcie": [_pcie(gpu.link) for gpu in gpus],
        "nvlinks": [active(gpu) for gpu in gpus],
        "topology": distances(found.pairs),
    }
    return Reading(_summary(gpus, facts), complaints, facts)


def _narrow(link: Link | None) -> str:
    """Fewer lanes than card and slot both have. An idle GPU keeps its lanes."""
    if link is None:
        return ""
    width, most = known(link.width), known(link.width_max)
    return f"{width} of {most} PCIe lanes" if width and most and width < most else ""


def _old_slot(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """The slot is older than the card. The current generation says nothing: an idle GPU lowers
    it to save power.
    """
    told = []
    for gpu in gpus:
        if gpu.link is None:
            continue
        both, card = known(gpu.link.generation_max), known(gpu.link.card_generation_max)
        if both and card and both < card:
            told.append((gpu, f"PCIe generation {both}, the card has {card}"))
    return folded(OLD_SLOT, told)


def _pcie(link: Link | None) -> str:
    """``gen5 x16``, as far as card and slot go together."""
    if link is None or not known(link.generation_max) or not known(link.width_max):
        return ""
    return f"gen{link.generation_max} x{link.width_max}"


def _summary(gpus: Sequence[Gpu], facts: dict[str, Any]) -> str:
    pcie = ", ".join(Counter(kind for kind in facts["pcie"] if kind)) or "PCIe unknown"
    links = {count for count in facts["nvlinks"] if count}
    if not links or len(gpus) < 2:
        return pcie
    low, high = min(links), max(links)
    return f"{pcie}; {low if low == high else f'{low} to {high}'} NVLinks each"


PROBES: tuple[Probe, ...] = (Probe("gpu-links", "GPU links", look, budget=BUDGET),)
