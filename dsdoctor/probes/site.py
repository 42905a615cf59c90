"""Where probes look: one machine, and the job that is to run on it."""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.job.spec import JobSpec
from dsdoctor.probes.clients.gpus import Gpus
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.network import Network
from dsdoctor.probes.clients.packages import Packages


@dataclass(frozen=True, slots=True)
class Site:
    """One machine behind Protocols, so that tests can make one up.

    Args:
        host: its files, environment, commands and limits.
        gpus: its GPUs by NVML.
        packages: what the job's Python has installed.
        network: its interfaces, names and ports.
        job: the job's settings, None where no configuration was given.
        wanted_gpus: how many GPUs of this host the job wants; None for all.
        hosts: how many hosts the job runs on.
    """

    host: Host
    gpus: Gpus
    packages: Packages
    network: Network
    job: JobSpec | None = None
    wanted_gpus: int | None = None
    hosts: int = 1
