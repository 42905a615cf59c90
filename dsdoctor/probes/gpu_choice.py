"""Which of this machine's GPUs the job would run on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.gpu_common import answering
from dsdoctor.probes.site import Site
from dsdoctor.probes.visible_devices import VARIABLE, launcher_ignores, visible_devices

_ONE_HOST = re.compile(r"[^\s@:,]{1,255}:(?P<slots>\d{1,4}(?:,\d{1,4}){0,255})")


def chosen(site: Site) -> tuple[Gpu, ...]:
    """The GPUs of the job as far as known: the visible ones, and of these the first wanted.

    Where the variable shows none, all: what is wrong with it is another probe's matter.

    Raises:
        Skip, Unavailable: as ``answering``.
    """
    gpus = answering(site)
    if included := _included(site):
        named = tuple(gpu for place, gpu in enumerate(gpus) if place in included)
        return named or gpus
    return (visible(site, gpus) or gpus)[: wanted(site)]


def wanted(site: Site) -> int | None:
    """How many GPUs of this host the job takes; None for all, or where the line names some."""
    launch = site.job.launch if site.job else None
    if site.wanted_gpus is not None or launch is None or launch.include or launch.exclude:
        return site.wanted_gpus
    return launch.num_gpus


def visible(site: Site, gpus: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """Those that the processes of the job see, in their order."""
    launch = site.job.launch if site.job else None
    value = site.host.environment.get(VARIABLE)
    seen = visible_devices(None if launcher_ignores(value, launch) else value, gpus)
    by_index = {gpu.index: gpu for gpu in gpus}
    return tuple(by_index[index] for index in dict.fromkeys(seen.indices))


def _included(site: Site) -> frozenset[int]:
    """The slots of ``--include localhost:2,3``; empty where it does not name those of one host."""
    launch = site.job.launch if site.job else None
    text = str(launch.include.value) if launch and launch.include else ""
    match = _ONE_HOST.fullmatch(text)
    return frozenset(map(int, match["slots"].split(","))) if match else frozenset()
