"""The environment variables that the job will see, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsdoctor.probes.launch import host_count
from dsdoctor.probes.site import Site

MAX_LINES = 2_000
_NCCL_FILES = ("/etc/nccl.conf",)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. ``place`` is empty for the shell's own."""

    name: str
    value: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A ``.deepspeed_env``: its variables, and its lines without ``=`` as number and text."""

    path: str
    variables: tuple[Variable, ...]
    bad: tuple[tuple[int, str], ...]


def variables_of(site: Site) -> list[Variable]:
    """Of the launch line, ``.deepspeed_env`` on many hosts, the shell, and NCCL's own file.

    A name comes once, from where its value is taken.
    """
    found: dict[str, Variable] = {}
    for item in _by_weight(site):
        found.setdefault(item.name, item)
    return sorted(found.values(), key=lambda item: item.name)


def _by_weight(site: Site) -> Iterator[Variable]:
    if site.job and site.job.launch:
        for name, setting in site.job.launch.environment.items():
            yield Variable(name, str(setting.value), "launch line")
    if host_count(site) > 1:
        for file in reversed(environment_files(site)):
            yield from reversed(file.variables)
    for name, value in site.host.environment.items():
        yield Variable(name, value)
    for path in _NCCL_FILES:
        file = parse(path, site.host.read(path) or "")
        yield from (item for item in file.variables if item.name.startswith("NCCL_"))


def environment_files(site: Site) -> list[EnvironmentFile]:
    """Those that DeepSpeed's launcher reads for a job on many hosts, in its order."""
    variables = site.host.environment
    name = variables.get("DS_ENV_FILE", ".deepspeed_env")
    found = []
    for folder in dict.fromkeys((variables.get("HOME", "/root"), variables.get("PWD", "."))):
        path = f"{folder.rstrip('/')}/{name}"
        text = site.host.read(path)
        if text is not None:
            found.append(parse(path, text))
    return found


def parse(path: str, text: str) -> EnvironmentFile:
    """Each line is split at its first ``=``, as the launcher does it."""
    good, bad = [], []
    for number, line in enumerate(text.splitlines()[:MAX_LINES], 1):
        name, sign, value = line.partition("=")
        if sign:
            good.append(Variable(name.strip(), value.strip(), f"{path}:{number}"))
        else:
            bad.append((number, line[:80]))
    return EnvironmentFile(path, tuple(good), tuple(bad))
