"""Whether a job on this machine would run on GPUs."""

from __future__ import annotations

from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.site import Site


def gpus_here(site: Site) -> int:
    """How many NVIDIA GPUs the driver shows; 0 where it cannot be asked."""
    try:
        return len(site.gpus.inventory().gpus)
    except Unavailable:
        return 0


def capabilities(site: Site) -> tuple[tuple[int, int], ...]:
    """Their compute capabilities, each once, oldest first."""
    try:
        found = {gpu.capability for gpu in site.gpus.inventory().gpus}
    except Unavailable:
        return ()
    return tuple(sorted(item for item in found if isinstance(item, tuple)))


def torch_uses_gpu(site: Site) -> bool:
    """Would ``torch.cuda.is_available()`` be true: a GPU here, and a torch built for CUDA?"""
    try:
        return gpus_here(site) > 0 and "torch.cuda" in site.packages.versions()
    except Unavailable:
        return False


def job_on_gpu(site: Site) -> bool:
    """Would DeepSpeed train on a GPU here, and nobody told it otherwise?"""
    return site.host.environment.get("DS_ACCELERATOR", "cuda") == "cuda" and torch_uses_gpu(site)
