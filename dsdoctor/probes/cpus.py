"""CPUs: how many there are, how many the job may use, and how many threads it would start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dsdoctor.job.launch_line import Launch
from dsdoctor.job.resolve import offload_device, stage
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.core_binding import asked_for, cores_of_ranks
from dsdoctor.probes.cpu_topology import Cpus, cpus_of
from dsdoctor.probes.gpu_common import BUDGET
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.ranks_here import counted, ranks_here
from dsdoctor.probes.site import Site

FEW, QUOTA, THREADS, ONE_THREAD = "DSH122", "DSH123", "DSH124", "DSH125"
VARIABLE = "OMP_NUM_THREADS"
MUCH = 2
"""Times as many threads as CPUs."""
_ALLOWED = "/proc/self/status"


@dataclass(frozen=True, slots=True)
class Threads:
    """OpenMP threads of each rank. ``because`` says who sets them; ``given`` if anybody did."""

    each: int
    because: str
    given: bool


def look(site: Site) -> Reading:
    """CPUs against ranks, and threads against CPUs."""
    cpus, ranks = cpus_of(site.host), ranks_here(site)
    if cpus is None:
        raise Skip("no Linux: the kernel does not tell its CPUs")
    complaints: list[Complaint] = []
    if ranks:
        threads = threads_of(site, cpus, ranks)
        complaints += _few(cpus, ranks)
        complaints += _throttled(cpus, threads, ranks) or _many(site.job, cpus, threads, ranks)
        complaints += _one_thread(site.job, cpus, threads, ranks)
    facts = {
        "online": len(cpus.online),
        "cores": cpus.cores,
        "allowed": len(cpus.allowed),
        "quota": cpus.quota,
        VARIABLE: site.host.environment.get(VARIABLE),
    }
    return Reading(_summary(cpus), tuple(complaints), facts)


def threads_of(site: Site, cpus: Cpus, ranks: int) -> Threads:
    """Who starts the ranks decides: torch 2.13 distributed/run.py (config_from_args), which
    accelerate 1.15 runs on a single host (commands/launch.py: deepspeed_launcher; its option
    --num_cpu_threads_per_process is not read there), deepspeed 0.19.8 launcher/launch.py (main).
    """
    launch = site.job.launch if site.job else None
    if launch and (bound := asked_for(site.job)):
        parts = cores_of_ranks(bound, cpus, ranks)
        return Threads(len(parts[0]) if parts else 1, "--bind_cores_to_rank", given=True)
    if number := _from_variable(site, launch):
        return Threads(number, f"{VARIABLE}={number}", given=True)
    runners = ("torchrun", "accelerate") if site.hosts == 1 else ("torchrun",)
    if launch and launch.launcher in runners and ranks > 1:
        return Threads(1, f"{launch.launcher} sets {VARIABLE}=1", given=False)
    return Threads(len(cpus.allowed), f"{VARIABLE} is not set", given=False)


def _from_variable(site: Site, launch: Launch | None) -> int:
    """The variable on the launch line wins over the environment. ``8,2`` is for nested teams."""
    here = launch.environment.get(VARIABLE) if launch else None
    text = str(here.value) if here else site.host.environment.get(VARIABLE, "")
    first = text.split(",")[0].strip()
    return int(first) if re.fullmatch(r"[0-9]{1,5}", first) else 0


def _few(cpus: Cpus, ranks: int) -> Iterator[Complaint]:
    if cpus.usable >= MUCH * ranks:
        return
    values = {
        "usable": f"{cpus.usable:g}",
        "online": str(len(cpus.online)),
        "ranks": counted(ranks, "rank"),
    }
    severity = Severity.WARNING if cpus.usable < ranks else Severity.INFO
    yield Complaint(FEW, values, (_limit(cpus),), severity)


def _throttled(cpus: Cpus, threads: Threads, ranks: int) -> list[Complaint]:
    """The quota grants time, not CPUs: threads are counted by the CPUs that are visible."""
    total = threads.each * ranks
    if cpus.quota is None or cpus.quota >= len(cpus.allowed) or total <= MUCH * cpus.quota:
        return []
    values = {
        "quota": f"{cpus.quota:g}",
        "allowed": str(len(cpus.allowed)),
        "threads": str(total),
        "because": threads.because,
        "each": str(max(1, int(cpus.quota / ranks))),
    }
    return [Complaint(QUOTA, values, (_limit(cpus),))]


def _many(job: JobSpec | None, cpus: Cpus, threads: Threads, ranks: int) -> list[Complaint]:
    """More threads than CPUs: somebody's wish, or nobody's while the optimizer is on the CPU."""
    total = threads.each * ranks
    if total <= cpus.usable or ranks < 2 or not (threads.given or _on_cpu(job)):
        return []
    values = {
        "because": threads.because,
        "ranks": counted(ranks, "rank"),
        "threads": str(total),
        "usable": f"{cpus.usable:g}",
        "each": str(max(1, int(cpus.usable / ranks))),
    }
    wished = threads.given and total > MUCH * cpus.usable
    severity = Severity.WARNING if wished else Severity.INFO
    return [Complaint(THREADS, values, (Evidence("environment", 0, threads.because),), severity)]


def _one_thread(
    job: JobSpec | None, cpus: Cpus, threads: Threads, ranks: int
) -> Iterator[Complaint]:
    """The CPU optimizer is written for OpenMP: one thread leaves all other CPUs idle."""
    fair = int(cpus.usable / ranks)
    if _on_cpu(job) and threads.each == 1 and fair >= MUCH:
        values = {"because": threads.because, "each": str(fair)}
        yield Complaint(ONE_THREAD, values, (Evidence("environment", 0, threads.because),))


def _on_cpu(job: JobSpec | None) -> bool:
    """Does the optimizer compute on the CPU?"""
    if job is None or stage(job) not in (1, 2, 3):
        return False
    return offload_device(job, "optimizer") in ("cpu", "nvme")


def _limit(cpus: Cpus) -> Evidence:
    if cpus.quota is not None and cpus.quota <= len(cpus.allowed):
        return Evidence(cpus.quota_file, 0, f"{cpus.quota:g} CPUs' worth of time")
    return Evidence(_ALLOWED, 0, f"{len(cpus.allowed)} of {len(cpus.online)} CPUs allowed")


def _summary(cpus: Cpus) -> str:
    words = f"{counted(len(cpus.online), 'CPU')}, {counted(cpus.cores, 'core')}"
    if len(cpus.allowed) < len(cpus.online):
        words += f"; {len(cpus.allowed)} may be used"
    if cpus.quota is not None:
        words += f"; the cgroup grants the time of {cpus.quota:g}"
    return words


PROBES: tuple[Probe, ...] = (Probe("cpus", "CPUs and threads", look, budget=BUDGET),)
