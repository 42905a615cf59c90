"""How the GPUs are connected: to the host by PCIe, to each other by NVLink or PCIe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.gpus import Gpu, Link
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, folded, graded, known
from dsdoctor.probes.gpu_nvlink import active, nvlink_complaints
from dsdoctor.probes.gpu_peers import distances, peer_complaints
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

NARROW, OLD_SLOT = "DSH057", "DSH136"
VERY_NARROW = 0.25
"""No board gives a GPU for computing so few of its lanes by design."""


def look(site: Site) -> Reading:
    """Lanes, generation, NVLinks, and what each pair may do."""
    gpus = chosen(site)
    ours = {gpu.index for gpu in gpus}
    pairs = [pair for pair in site.gpus.inventory().pairs if {pair.first, pair.second} <= ours]
    complaints = (
        *_narrow(gpus),
        *_old_slot(gpus),
        *nvlink_complaints(gpus),
        *peer_complaints(pairs, gpus),
    )
    facts = {
        "pcie": [_pcie(gpu.link) for gpu in gpus],
        "nvlinks": [active(gpu) for gpu in gpus],
        "topology": distances(pairs),
    }
    return Reading(_summary(gpus, facts), complaints, facts)


def _narrow(gpus: Sequence[Gpu]) -> tuple[Complaint, ...]:
    """Fewer lanes than card and slot have. Where all cards are so, the board is made so."""
    lanes = {gpu.index: pair for gpu in gpus if gpu.link and (pair := _lanes(gpu.link))}
    told = [
        (gpu, f"{lanes[gpu.index][0]} of {lanes[gpu.index][1]} PCIe lanes")
        for gpu in gpus
        if gpu.index in lanes and lanes[gpu.index][0] < lanes[gpu.index][1]
    ]
    widest = max((now / most for now, most in lanes.values()), default=1.0)
    ill = any(
        gpu.link and _awake(gpu.link) and (now / most < widest or now / most <= VERY_NARROW)
        for gpu, _ in told
        for now, most in [lanes[gpu.index]]
    )
    return graded(folded(NARROW, told), None if ill else Severity.INFO)


def _lanes(link: Link) -> tuple[int, int] | None:
    """How many are in use, and how many there could be."""
    now, most = known(link.width), known(link.width_max)
    return (now, most) if now and most else None


def _awake(link: Link) -> bool:
    """A link that saves power has a lower generation, and may have fewer lanes."""
    return known(link.generation) == known(link.generation_max)


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
