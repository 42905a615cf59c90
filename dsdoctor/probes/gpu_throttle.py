"""GPUs that run slower than they can, to protect themselves."""

from __future__ import annotations

from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, folded, known
from dsdoctor.probes.probe import Probe, Reading, Skip
from dsdoctor.probes.site import Site

SLOW = "DSH050"
_REASONS = {
    0x40: "hardware slowdown by heat",
    0x80: "hardware slowdown by the power supply (power brake)",
    0x20: "software slowdown by heat",
}
_HARDWARE = 0x08
"""Set beside the reason, or alone where the card does not tell it. The other bits are normal:
idle, the power limit under load, clocks that somebody set."""


def look(site: Site) -> Reading:
    """The reasons of this moment."""
    gpus = chosen(site)
    if all(known(gpu.slow) is None for gpu in gpus):
        raise Skip("the driver does not tell the reasons for lower clocks")
    told = [(gpu, words) for gpu in gpus if (words := reasons(gpu))]
    summary = f"{len(told)} of {len(gpus)} slowed down" if told else "none slowed down"
    return Reading(summary, folded(SLOW, told))


def reasons(gpu: Gpu) -> str:
    """Why the clocks are lowered, where it is for protection; empty if they are not."""
    bits = known(gpu.slow) or 0
    words = [text for bit, text in _REASONS.items() if bits & bit]
    if not words and bits & _HARDWARE:
        words = ["hardware slowdown"]
    if not words:
        return ""
    heat = known(gpu.temperature)
    return ", ".join(words) + (f", at {heat} °C" if heat is not None else "")


PROBES: tuple[Probe, ...] = (Probe("gpu-throttle", "GPU clocks", look, budget=BUDGET),)
