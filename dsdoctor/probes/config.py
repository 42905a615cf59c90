"""The job's configuration: the checks of ``lint``, with the GPUs that are really here."""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.checks.lint import counted, findings_in
from dsdoctor.job.place import Place, Setting
from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.model import Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.probe import Probe, Reading, Skip
from dsdoctor.probes.site import Site


def config(site: Site) -> Reading:
    """Everything that lint would say at warning or above, for this machine."""
    if site.job is None:
        raise Skip("no configuration was given")
    job = with_machine(site.job, site)
    found = [item for item in findings_in(job, load_pack()) if item.severity is not Severity.INFO]
    name = job.config.name
    summary = f"{name}: {counted(found)}" if found else f"{name}: nothing to complain about"
    return Reading(summary, findings=tuple(found))


def with_machine(job: JobSpec, site: Site) -> JobSpec:
    """The job on this machine: its world size if nobody said one, its oldest GPU."""
    try:
        gpus = site.gpus.inventory().gpus
    except Unavailable:
        return job
    count = site.wanted_gpus or len(gpus)
    world = Setting("GPUs here", count * site.hosts, Place("this machine"))
    capabilities = [gpu.capability for gpu in gpus if gpu.capability]
    return replace(
        job,
        world_size=job.world_size or (world if count else None),
        gpu=job.gpu or min(capabilities, default=None),
    )


PROBES: tuple[Probe, ...] = (Probe("config", "the configuration", config),)
