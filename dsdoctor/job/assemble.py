"""Puts a ``JobSpec`` together from the files and options that a user has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.job.accelerate_config import read_accelerate_config
from dsdoctor.job.frameworks import read_job_file
from dsdoctor.job.host_filter import select, trim
from dsdoctor.job.hostfile import read_hosts
from dsdoctor.job.hosts import Hosts
from dsdoctor.job.job_file import JobFile
from dsdoctor.job.launch_line import Launch, parse_launch_line
from dsdoctor.job.place import Place, Setting
from dsdoctor.job.schema.installed import installed_version
from dsdoctor.job.schema.load import load_schema
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.job.syntax.tree import Document


@dataclass(frozen=True, slots=True)
class Sources:
    """Where, beside ds_config.json, the settings of a job stand. All of it is optional."""

    world_size: int | None = None
    trainer: bool = False
    training_args: Path | None = None
    accelerate_config: Path | None = None
    launch: str = ""
    hostfile: Path | None = None
    include: str = ""
    exclude: str = ""
    deepspeed: str | None = None
    gpu: tuple[int, int] | None = None


def configs_in(sources: Sources) -> list[str]:
    """The configurations that the launch line or the arguments name, for want of others.

    Raises:
        UsageError: nobody names one.
    """
    sources = with_named_files(sources)
    launch, job = _launch(sources), _job(sources)
    named = [setting.value for setting in (launch.configs if launch else ())]
    if not named and job.config is not None and isinstance(job.config.value, str):
        named = [job.config.value]
    if not named:
        raise UsageError("no configuration is named", hint="dsdoctor lint ds_config.json")
    return list(dict.fromkeys(named))


def with_named_files(sources: Sources) -> Sources:
    """The sources, and for want of others the files that the launch line names, if here."""
    launch = _launch(sources)
    if launch is None:
        return sources
    return replace(
        sources,
        training_args=sources.training_args or _here(launch.arguments_file),
        accelerate_config=sources.accelerate_config or _here(launch.accelerate_file),
        hostfile=sources.hostfile or _here(launch.hostfile),
    )


def _here(named: Setting | None) -> Path | None:
    """The file that a setting names, if it is a file on this machine."""
    path = Path(str(named.value)) if named else None
    return path if path and path.is_file() else None


def assemble(config: Document, sources: Sources) -> JobSpec:
    """One job's settings.

    Raises:
        UsageError: one of the files cannot be used as given.
    """
    sources = with_named_files(sources)
    launch, job = _launch(sources), _job(sources)
    hosts = _hosts(sources, launch)
    accelerate = _accelerate(sources, launch)
    arguments = {**job.arguments, **(launch.arguments if launch else {})}
    return JobSpec(
        config=config,
        schema=load_schema(sources.deepspeed or installed_version()),
        filler=_filler(sources, launch, accelerate),
        arguments=arguments,
        arguments_given=sources.training_args is not None or bool(launch and launch.trainer),
        accelerate=accelerate,
        model={**job.model, **(launch.model if launch else {})},
        launch=launch,
        hosts=hosts,
        world_size=_world_size(sources, launch, hosts, accelerate),
        gpu=sources.gpu,
    )


def _launch(sources: Sources) -> Launch | None:
    return parse_launch_line(sources.launch) if sources.launch else None


def _job(sources: Sources) -> JobFile:
    return read_job_file(sources.training_args) if sources.training_args else JobFile("none")


def _accelerate(sources: Sources, launch: Launch | None) -> Mapping[str, Setting]:
    """Accelerate's file, and over it the options of ``accelerate launch``."""
    written = read_accelerate_config(sources.accelerate_config) if sources.accelerate_config else {}
    return {**written, **(launch.accelerate if launch else {})}


def _hosts(sources: Sources, launch: Launch | None) -> Hosts | None:
    """The hosts of the host file, less those that --include and --exclude leave out."""
    if sources.hostfile is None:
        return None
    include, exclude = sources.include, sources.exclude
    if launch and not (include or exclude):
        include = str(launch.include.value) if launch.include else ""
        exclude = str(launch.exclude.value) if launch.exclude else ""
    chosen = select(read_hosts(sources.hostfile), include, exclude)
    if launch is None or launch.launcher != "deepspeed":
        return chosen
    filtered = bool(include or exclude)
    return trim(chosen, launch.num_nodes or -1, launch.num_gpus or -1, filtered)


def _filler(sources: Sources, launch: Launch | None, accelerate: Mapping[str, Setting]) -> Filler:
    """Who fills "auto": a Trainer if anything speaks of one, else Accelerate if it is used."""
    if sources.trainer or sources.training_args or (launch and launch.trainer):
        return Filler.TRAINER
    return Filler.ACCELERATE if accelerate else Filler.NONE


def _world_size(
    sources: Sources,
    launch: Launch | None,
    hosts: Hosts | None,
    accelerate: Mapping[str, Setting],
) -> Setting | None:
    """The number of ranks, from whoever says it most plainly."""
    if sources.world_size is not None:
        return Setting("--world-size", sources.world_size, Place("command line"))
    if launch and launch.world:
        return launch.world
    if hosts and hosts.world_size:
        return Setting("slots", hosts.world_size, Place(hosts.name))
    processes = accelerate.get("num_processes")
    return processes if processes and isinstance(processes.value, int) else None
