"""Where probes look: one machine, and the job that is to run on it."""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.errors import UsageError
from dsdoctor.job.spec import JobSpec
from dsdoctor.probes.clients.gpus import Gpus
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.network import Network
from dsdoctor.probes.clients.packages import Packages


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the hosts of a job try to meet: ``host`` listens on ``port`` for ``peers`` others."""

    host: str
    port: int
    peers: int

    def __str__(self) -> str:
        return f"{self.host},{self.port},{self.peers}"

    @classmethod
    def parse(cls, text: str) -> Meeting | None:
        """The meeting that ``str`` wrote; None for no text.

        Raises:
            UsageError: it is none.
        """
        if not text:
            return None
        host, _, rest = text.partition(",")
        port, _, peers = rest.partition(",")
        if not (host and port.isdecimal() and peers.isdecimal()):
            raise UsageError(f"not a meeting: {text[:40]!r}")
        return cls(host, int(port), int(peers))


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
        meeting: where they try to reach each other at this moment; None if they do not.
    """

    host: Host
    gpus: Gpus
    packages: Packages
    network: Network
    job: JobSpec | None = None
    wanted_gpus: int | None = None
    hosts: int = 1
    meeting: Meeting | None = None
