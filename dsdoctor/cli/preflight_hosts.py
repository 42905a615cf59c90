"""``dsdoctor preflight`` on every host of a job: the same probes there, one report here."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.cli.host_options import NOT_THERE, Reach
from dsdoctor.errors import SourceError
from dsdoctor.job.assemble import Sources
from dsdoctor.job.hostfile import read_hosts
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.harmless import ForeignError
from dsdoctor.model import Report
from dsdoctor.probes.hosts.merge import HostAnswers, merged
from dsdoctor.probes.hosts.parcel import Parcel, unpack
from dsdoctor.probes.site import Meeting
from dsdoctor.transport.ask import Answers, ask
from dsdoctor.transport.gather import words_of
from dsdoctor.transport.launchers import Launcher, launcher_named

PORT = 29500
"""DeepSpeed's default of --master_port."""
EXPORTED = ("NCCL", "PYTHON", "MLFLOW", "MV2", "UCX")
"""What the deepspeed launcher carries to the other hosts (0.19.8 launcher/runner.py EXPORT_ENVS
and the accelerator's)."""
NOT_CARRIED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
"""Of those, what would change dsdoctor itself."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of every host."""

    config: Path | None
    gpus: int | None
    python: str | None
    deep: bool
    probes: tuple[str, ...]
    sources: Sources


def hosts_report(reach: Reach, wish: Wish, pack: Pack) -> Report:
    """Ask all hosts and compare what they say.

    Raises:
        UsageError: no hosts, or no way to them.
        SourceError: none of them answered because dsdoctor is not there.
    """
    started = time.perf_counter()
    hosts = reach.hosts()
    slots = _slots(reach.hostfile)
    launcher = launcher_named(reach.launcher)
    remote = remote_command(reach, wish, hosts, launcher, slots)
    answers = ask(hosts, remote, launcher, reach.timeout)
    _refuse_if_absent(answers)
    name = str(reach.hostfile or "the allocation")
    told = HostAnswers(*_opened(answers), answers.arrived, slots, name)
    return merged(told, hosts, pack, time.perf_counter() - started)


def remote_command(
    reach: Reach,
    wish: Wish,
    hosts: Sequence[str],
    launcher: Launcher,
    slots: Mapping[str, int],
) -> list[str]:
    """What to run on each host."""
    argv = [*_environment(launcher), *words_of(reach.remote_command), "preflight", "--framed"]
    argv += [f"--only={','.join(wish.probes)}", f"--hosts={len(hosts)}"]
    if slots and all(host in slots for host in hosts):
        argv.append(f"--world-size={sum(slots[host] for host in hosts)}")
    if len(hosts) > 1 and (not launcher.waves or len(hosts) <= launcher.waves):
        argv.append(f"--meet={Meeting(hosts[0], PORT, len(hosts) - 1)}")
    argv += [f"--gpus={wish.gpus}"] if wish.gpus is not None else []
    argv += [f"--python={wish.python}"] if wish.python else []
    argv += ["--deep"] if wish.deep else []
    return [*argv, *_job(wish)]


def _job(wish: Wish) -> list[str]:
    """The options that describe the job; its files lie at the same path on every host."""
    argv = ["--trainer"] if wish.sources.trainer else []
    for option, path in (
        ("--training-args", wish.sources.training_args),
        ("--accelerate-config", wish.sources.accelerate_config),
    ):
        argv += [f"{option}={path.resolve()}"] if path else []
    argv += [f"--launch={wish.sources.launch}"] if wish.sources.launch else []
    return [*argv, "--", str(wish.config.resolve())] if wish.config else argv


def _environment(launcher: Launcher) -> list[str]:
    """What the job's launcher would carry along; srun carries everything by itself."""
    if launcher.name == "srun":
        return []
    carried = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(EXPORTED) and name not in NOT_CARRIED
    }
    return ["env", *(f"{name}={value}" for name, value in carried.items())] if carried else []


def _slots(hostfile: Path | None) -> dict[str, int]:
    if hostfile is None:
        return {}
    return {host.name: len(host.slots) for host in read_hosts(hostfile).hosts}


def _refuse_if_absent(answers: Answers) -> None:
    """Nobody has dsdoctor: that says nothing about the hosts."""
    reasons = {item.reason for item in answers.silent}
    if not answers.documents and all("is not there" in reason for reason in reasons):
        raise SourceError(f"no host answered; {'; '.join(sorted(reasons))}", hint=NOT_THERE)


def _opened(answers: Answers) -> tuple[dict[str, Parcel], dict[str, str]]:
    """The parcels by host, and why the others have none."""
    parcels: dict[str, Parcel] = {}
    silent = {item.host: item.reason for item in answers.silent}
    for host, document in answers.documents.items():
        parcel = _parcel(document)
        if isinstance(parcel, Parcel):
            parcels[host] = parcel
        else:
            silent[host] = f"its answer cannot be read: {parcel}"
    return parcels, silent


def _parcel(document: bytes) -> Parcel | str:
    """What is in the document, or why it cannot be read."""
    try:
        return unpack(document)
    except ForeignError as error:
        return error.message
