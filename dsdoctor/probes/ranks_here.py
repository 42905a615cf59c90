"""How many ranks of the job this host will run."""

from __future__ import annotations

from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.probe import Skip
from dsdoctor.probes.site import Site


def ranks_here(site: Site) -> int | None:
    """As asked for, as the launch line says, or one for each GPU; None if nobody knows."""
    launch = site.job.launch if site.job else None
    asked = site.wanted_gpus or (launch.num_gpus if launch else None)
    if asked:
        return asked
    try:
        return len(chosen(site))
    except (Skip, Unavailable):
        return None


def counted(number: int, noun: str) -> str:
    """``1 rank``, ``8 ranks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
