"""Limits of a process: locked memory, open files, threads, address space, overcommit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.job.gap import known
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.cgroups import pids_limit
from dsdoctor.probes.cpu_topology import cpus_of
from dsdoctor.probes.cpus import threads_of
from dsdoctor.probes.gpu_common import BUDGET
from dsdoctor.probes.ops import on_nvme
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.process_limits import IPC_LOCK, SYS_RESOURCE, Limit, capable, process_limits
from dsdoctor.probes.ranks_here import counted, ranks_here
from dsdoctor.probes.site import Site
from dsdoctor.probes.sizes import shown

MLOCK, RDMA, FILES, THREADS = "DSM015", "DSN032", "DSM022", "DSH042"
ADDRESSES, OVERCOMMIT = "DSM081", "DSM082"
LOCKED, OPEN_FILES = "Max locked memory", "Max open files"
PROCESSES, SPACE = "Max processes", "Max address space"
RDMA_NEEDS = 1 << 30
"""NCCL registers megabytes for each connection and channel; a job of a few nodes stays below."""
FEW_FILES, ENOUGH_FILES, MANY_FILES = 1024, 4096, 65536
OTHER_THREADS = 64
"""Threads of a rank beside OpenMP's: CUDA, NCCL, autograd, pinning, a few loader workers."""
CUDA_NEEDS = 18 * 10**9
"""Bytes of addresses that torch 2.11 took on an H100 before it had done anything; with 14 GB CUDA
did not start."""
STRICT = "2"
_INFINIBAND = "/sys/class/infiniband"
_KERNEL = {
    "overcommit": "/proc/sys/vm/overcommit_memory",
    "max_map_count": "/proc/sys/vm/max_map_count",
}
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"


def look(site: Site) -> Reading:
    """What is limited, and whether this job would feel it."""
    limits = process_limits(site.host)
    if not limits:
        raise Skip("no Linux: no /proc/self/limits")
    facts = _facts(site, limits)
    complaints = (
        *_locked(site, limits.get(LOCKED)),
        *_open_files(limits.get(OPEN_FILES)),
        *_threads(site, limits.get(PROCESSES)),
        *_address_space(site, limits.get(SPACE)),
        *_overcommit(facts),
    )
    locked, files = facts["locked_memory"], facts["open_files"]
    return Reading(f"locked memory {locked}, open files {files}", complaints, facts)


def _facts(site: Site, limits: Mapping[str, Limit]) -> dict[str, Any]:
    pids = pids_limit(site.host)
    locked = _soft(limits, LOCKED)
    facts: dict[str, Any] = {
        "locked_memory": shown(locked) if isinstance(locked, int) else locked,
        "open_files": _soft(limits, OPEN_FILES),
        "processes": _soft(limits, PROCESSES),
        "cgroup_processes": pids[0] if pids else None,
        "address_space": _soft(limits, SPACE),
        "huge_pages": (site.host.read(_HUGE_PAGES) or "").strip(),
    }
    return facts | {name: (site.host.read(path) or "").strip() for name, path in _KERNEL.items()}


def _soft(limits: Mapping[str, Limit], name: str) -> int | str | None:
    limit = limits.get(name)
    return None if limit is None else "unlimited" if limit.soft is None else limit.soft


def _locked(site: Site, limit: Limit | None) -> Iterator[Complaint]:
    """Who may lock memory by right (root outside a container) is not limited."""
    if limit is None or limit.soft is None or capable(site.host, IPC_LOCK):
        return
    values = {"limit": shown(limit.soft)}
    need = _swap_buffers(site.job)
    if need > limit.soft:
        text = {**values, "need": shown(need)}
        yield Complaint(MLOCK, text, (limit.evidence,), Severity.ERROR)
    if site.hosts > 1 and site.host.list(_INFINIBAND) and limit.soft < RDMA_NEEDS:
        yield Complaint(RDMA, values, (limit.evidence,), Severity.ERROR, Confidence.LIKELY)


def _swap_buffers(job: JobSpec | None) -> int:
    """Bytes that one rank locks to swap parameters: ``buffer_count`` of ``buffer_size`` elements.

    deepspeed 0.19.8 runtime/swap_tensor/partitioned_param_swapper.py. The optimizer's buffers are
    as large as the model's largest partition, which is not known here.
    """
    if job is None or "param" not in on_nvme(job):
        return 0
    block = ("zero_optimization", "offload_param")
    count, size = value(job, (*block, "buffer_count")), value(job, (*block, "buffer_size"))
    numbers = [item for item in (count, size) if known(item) and isinstance(item, int | float)]
    return int(numbers[0] * numbers[1] * 2) if len(numbers) == 2 else 0


def _open_files(limit: Limit | None) -> Iterator[Complaint]:
    if limit is None or limit.soft is None or limit.soft >= ENOUGH_FILES:
        return
    hard = min(limit.hard or MANY_FILES, MANY_FILES)
    values = {"limit": str(limit.soft), "hard": str(hard) if hard > limit.soft else ""}
    severity = Severity.WARNING if limit.soft < FEW_FILES else Severity.INFO
    yield Complaint(FILES, values, (limit.evidence,), severity)


def _threads(site: Site, limit: Limit | None) -> Iterator[Complaint]:
    """The user's limit, which root does not have, and the cgroup's, which all have."""
    pids, cpus = pids_limit(site.host), cpus_of(site.host)
    found = [(pids[0], Evidence(pids[1], 0, str(pids[0])))] if pids else []
    if limit and limit.soft is not None and not capable(site.host, SYS_RESOURCE):
        found.append((limit.soft, limit.evidence))
    if not found or cpus is None:
        return
    least, evidence = min(found, key=lambda item: item[0])
    ranks = ranks_here(site) or 1
    each = threads_of(site, cpus, ranks).each + OTHER_THREADS
    if least < ranks * each:
        values = {"limit": str(least), "ranks": counted(ranks, "rank"), "need": str(ranks * each)}
        yield Complaint(THREADS, values, (evidence,), Severity.WARNING, Confidence.LIKELY)


def _address_space(site: Site, limit: Limit | None) -> Iterator[Complaint]:
    """Too little for CUDA's start, or enough for that at least."""
    if limit is None or limit.soft is None:
        return
    severity = Severity.INFO
    if limit.soft < CUDA_NEEDS and ranks_here(site):
        severity = Severity.ERROR
    yield Complaint(ADDRESSES, {"limit": shown(limit.soft)}, (limit.evidence,), severity)


def _overcommit(facts: Mapping[str, Any]) -> Iterator[Complaint]:
    if facts["overcommit"] == STRICT:
        yield Complaint(OVERCOMMIT, {}, (Evidence(_KERNEL["overcommit"], 0, STRICT),))


PROBES: tuple[Probe, ...] = (
    Probe("limits", "limits of memory, files and threads", look, budget=BUDGET),
)
