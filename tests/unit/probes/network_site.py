"""A site for the probes of the network and of the launch."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from dsdoctor.job.hosts import Host, Hosts
from dsdoctor.job.launch_line import parse_launch_line
from dsdoctor.job.place import Place
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import FakeGpus, machine
from tests.unit.probes.fakes_network import FakeNetwork


def site(
    network: FakeNetwork | None = None,
    host: FakeHost | None = None,
    *,
    launch: str = "",
    hostfile: Sequence[str] = (),
    **more: Any,
) -> Site:
    """Only what a launch line and a hostfile say is known of the job."""
    job: Any = None
    if launch or hostfile:
        names = tuple(Host(name, range(8), Place("hostfile")) for name in hostfile)
        job = SimpleNamespace(
            launch=parse_launch_line(launch) if launch else None,
            hosts=Hosts("hostfile", names) if names else None,
        )
    packages: Any = more.pop("packages", SimpleNamespace(python="/usr/bin/python3"))
    gpus: Any = more.pop("gpus", None) or FakeGpus(machine(count=2))
    return Site(host or FakeHost(), gpus, packages, network or FakeNetwork(), job, **more)


def shell(**variables: str) -> FakeHost:
    """A host with these variables."""
    return FakeHost(environment=variables)
