"""What the deepspeed launcher's --bind_cores_to_rank would do on this machine.

Read from deepspeed 0.19.8 utils/numa.py (get_numactl_cmd) and launcher/launch.py (main): the
physical cores, counted from 0, or those of --bind_core_list, are cut into equal parts, in the
order of the local ranks. Where the GPUs are does not matter to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.job.launch_line import Launch
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Evidence, ranks_named
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.cpu_topology import Cpus, cpu_numbers
from dsdoctor.probes.probe import Complaint
from dsdoctor.probes.ranks_here import counted

NO_NUMACTL, BAD_CORES, CONFLICT = "DSL060", "DSL061", "DSL062"
FLAG, CORES = "bind_cores_to_rank", "bind_core_list"
AFFINITY = "KMP_AFFINITY"


def asked_for(job: JobSpec | None) -> Launch | None:
    """The launch line, if it asks for binding."""
    launch = job.launch if job else None
    return launch if launch and launch.launcher == "deepspeed" and FLAG in launch.options else None


def cores_of_ranks(launch: Launch | None, cpus: Cpus, ranks: int) -> Sequence[Sequence[int]]:
    """The cores of each local rank; empty where there are fewer cores than ranks."""
    cores = _cores(launch, cpus)
    each = len(cores) // ranks
    return [cores[each * rank : each * (rank + 1)] for rank in range(ranks)] if each else []


def binding_complaints(
    launch: Launch, host: Host, cpus: Cpus, ranks: int | None
) -> Iterator[Complaint]:
    """Why the launcher, or numactl, would refuse."""
    line = Evidence(launch.place.file, launch.place.line, f"--{FLAG}")
    if host.which("numactl") is None:
        yield Complaint(NO_NUMACTL, {}, (line,))
    if AFFINITY in host.environment:
        setting = Evidence("environment", 0, f"{AFFINITY}={host.environment[AFFINITY]}")
        yield Complaint(CONFLICT, {}, (line, setting))
    if ranks and (reason := _unfit(launch, cpus, ranks)):
        yield Complaint(BAD_CORES, {"cores": reason}, (line,))


def _unfit(launch: Launch, cpus: Cpus, ranks: int) -> str:
    """The launcher wants a core for each rank, numactl none that this process may not use."""
    parts = cores_of_ranks(launch, cpus, ranks)
    if not parts:
        there = counted(len(_cores(launch, cpus)), "core")
        return f"{there} for {counted(ranks, 'rank')}"
    used = {core for part in parts for core in part}
    if missing := sorted(used - set(cpus.allowed)):
        return f"core {ranks_named(missing)} is not among those that this process may use"
    return ""


def _cores(launch: Launch | None, cpus: Cpus) -> Sequence[int]:
    given = launch.options.get(CORES) if launch else None
    return cpu_numbers(str(given.value)) if given else range(cpus.cores)
