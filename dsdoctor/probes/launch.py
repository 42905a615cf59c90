"""How the job is to be started, as far as a launch line, a hostfile or a variable says."""

from __future__ import annotations

from dsdoctor.model import Evidence
from dsdoctor.probes.site import Site

NAMED_PORTS = ("master_port", "main_process_port")
NAMED_MASTERS = ("master_addr", "main_process_ip")
_OWN_RENDEZVOUS = ("deepspeed", "torchrun", "accelerate", "llamafactory", "axolotl")
MAX_SHOWN = 200


def host_count(site: Site) -> int:
    """How many hosts the job runs on, by whatever says the most."""
    job = site.job
    named = len(job.hosts.hosts) if job and job.hosts else 0
    asked = (job.launch.num_nodes or 0) if job and job.launch else 0
    return max(site.hosts, named, asked, 1)


def launcher_of(site: Site) -> str:
    """The launcher, if a launch line names one."""
    return site.job.launch.launcher if site.job and site.job.launch else ""


def overrides_variables(site: Site) -> bool:
    """Does the launcher set MASTER_ADDR and MASTER_PORT itself, whatever the shell has?"""
    return launcher_of(site) in _OWN_RENDEZVOUS


def option(site: Site, *names: str) -> str:
    """The launcher's option under the first of the names that was given; empty if none was."""
    given = site.job.launch.options if site.job and site.job.launch else {}
    return next((str(given[name].value) for name in names if name in given), "")


def variable(site: Site, name: str) -> str:
    """What the job will see: the launch line wins over the shell. Empty if it is not set."""
    given = site.job.launch.environment if site.job and site.job.launch else {}
    return str(given[name].value) if name in given else site.host.environment.get(name, "")


def proof(text: str, place: str = "environment") -> Evidence:
    """What shows it: a variable, or what the machine said."""
    return Evidence(place, 0, text[:MAX_SHOWN])
