"""This machine as a site."""

from __future__ import annotations

import sys

from dsdoctor.job.spec import JobSpec
from dsdoctor.probes.clients.gpus import NvmlGpus
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.clients.network import RealNetwork
from dsdoctor.probes.clients.packages import RealPackages
from dsdoctor.probes.site import Meeting, Site


def this_site(
    job: JobSpec | None,
    *,
    wanted_gpus: int | None = None,
    python: str | None = None,
    hosts: int = 1,
    meeting: Meeting | None = None,
) -> Site:
    """The machine that dsdoctor runs on, with the job's Python (dsdoctor's own by default)."""
    host = RealHost()
    return Site(
        host=host,
        gpus=NvmlGpus(),
        packages=RealPackages(python or sys.executable),
        network=RealNetwork(),
        job=job,
        wanted_gpus=wanted_gpus,
        hosts=hosts,
        meeting=meeting,
    )
