"""Which of this machine's GPUs the job would run on."""

from __future__ import annotations

from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.gpu_common import answering
from dsdoctor.probes.site import Site
from dsdoctor.probes.visible_devices import VARIABLE, visible_devices


def chosen(site: Site) -> tuple[Gpu, ...]:
    """The GPUs of the job as far as known: the visible ones, and of these the first wanted.

    Where the variable shows none, all: what is wrong with it is another probe's matter.

    Raises:
        Skip, Unavailable: as ``answering``.
    """
    gpus = answering(site)
    seen = visible_devices(site.host.environment.get(VARIABLE), gpus)
    by_index = {gpu.index: gpu for gpu in gpus}
    picked = [by_index[index] for index in dict.fromkeys(seen.indices)] or list(gpus)
    return tuple(picked[: site.wanted_gpus])
