"""What a rank measures: versions and peaks of memory."""

from __future__ import annotations

import platform
import resource
from pathlib import Path

import torch

KIB = 1024


def device_name(device: str, local_rank: int) -> str:
    """The GPU's name, or ``cpu``. The GPU becomes this rank's: no other is touched by chance."""
    if device == "cpu":
        return device
    torch.cuda.set_device(local_rank)
    return str(torch.cuda.get_device_name(local_rank))


def versions() -> dict[str, str]:
    """Of what the job runs with."""
    import deepspeed

    found = {
        "torch": str(torch.__version__),
        "deepspeed": str(deepspeed.__version__),
        "python": platform.python_version(),
    }
    if torch.version.cuda and torch.distributed.is_nccl_available():
        found["cuda"] = str(torch.version.cuda)
        found["nccl"] = ".".join(map(str, torch.cuda.nccl.version()))
    return found


def memory() -> dict[str, int | None]:
    """Peaks in bytes; None where it cannot be told."""
    gpu: dict[str, int | None] = dict.fromkeys(("gpu_allocated", "gpu_reserved", "gpu_total"))
    if torch.cuda.is_initialized():
        gpu["gpu_allocated"] = torch.cuda.max_memory_allocated()
        gpu["gpu_reserved"] = torch.cuda.max_memory_reserved()
        gpu["gpu_total"] = torch.cuda.mem_get_info()[1]
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    return {**gpu, "host_rss": rss, "host_pinned": _pinned()}


def _pinned() -> int | None:
    """Host memory that torch pinned at its most (torch 2.6 and newer), plus what is locked."""
    locked = _locked()
    if torch.cuda.is_initialized() and hasattr(torch.cuda, "host_memory_stats"):
        peak = torch.cuda.host_memory_stats().get("allocated_bytes.peak")
        return (peak or 0) + (locked or 0)
    return locked


def _locked() -> int | None:
    """DeepSpeed's NVMe buffers are locked into memory; the kernel counts them."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    lines = [line for line in status.splitlines() if line.startswith("VmLck:")]
    return int(lines[0].split()[1]) * KIB if lines else None
