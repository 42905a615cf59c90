"""Which probes to run, and running them on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from dsdoctor.errors import UsageError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import ProbeResult
from dsdoctor.probes.probe import Probe
from dsdoctor.probes.registry import PROBES
from dsdoctor.probes.runner import run_probes
from dsdoctor.probes.site import Site


def chosen(only: Sequence[str], skip: Sequence[str], *, deep: bool) -> list[Probe]:
    """The probes to run.

    Raises:
        UsageError: a name that no probe has, or nothing is left.
    """
    wanted, unwanted = _names(only), _names(skip)
    known = {probe.id for probe in PROBES}
    for name in (*wanted, *unwanted):
        if name not in known:
            raise UsageError(f"there is no probe {name!r}", hint="dsdoctor preflight --list")
    left = [
        probe
        for probe in PROBES
        if (probe.id in wanted if wanted else deep or not probe.deep) and probe.id not in unwanted
    ]
    if not left:
        raise UsageError("no probe is left to run", hint="dsdoctor preflight --list")
    return left


def probed(probes: Sequence[Probe], site: Site, pack: Pack) -> list[ProbeResult]:
    """Ask this machine, with a bar on stderr of a terminal."""
    with _progress(len(probes)) as advance:
        return run_probes(probes, site, pack, advance)


def listed() -> Iterator[str]:
    """A line for each probe there is."""
    width = max(len(probe.id) for probe in PROBES) + 2
    for probe in PROBES:
        yield f"{probe.id:<{width}}{probe.title}{' (with --deep)' if probe.deep else ''}"


def _names(options: Sequence[str]) -> list[str]:
    return [name.strip() for option in options for name in option.split(",") if name.strip()]


@contextmanager
def _progress(count: int) -> Iterator[Callable[[str], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=count, label="looking", file=sys.stderr) as bar:
        yield lambda _: bar.update(1)
