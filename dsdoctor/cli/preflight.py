"""``dsdoctor preflight``: find what would kill the job, before it starts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from dsdoctor.cli.output import emit
from dsdoctor.cli.verdicts import LEVELS, exit_code
from dsdoctor.errors import EXIT_OK, UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.model import ProbeResult, Report
from dsdoctor.probes.baseline import changes, read_baseline
from dsdoctor.probes.here import this_site
from dsdoctor.probes.probe import Probe
from dsdoctor.probes.registry import PROBES
from dsdoctor.probes.report import report_of
from dsdoctor.probes.runner import run_probes

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("preflight")
@click.argument("config", required=False, type=FILE)
@click.option(
    "--gpus", type=click.IntRange(0), metavar="N", help="GPUs of each host that the job wants."
)
@click.option("--trainer", is_flag=True, help='The Hugging Face Trainer will fill "auto".')
@click.option("--only", multiple=True, metavar="ID[,ID]", help="Only these probes.")
@click.option("--skip", multiple=True, metavar="ID[,ID]", help="All probes but these.")
@click.option("--list", "list_", is_flag=True, help="List the probes and end.")
@click.option("--deep", is_flag=True, help="Also those that use the GPUs for a while.")
@click.option("--baseline", type=FILE, help="An earlier JSON report: say what changed since.")
@click.option("--python", metavar="PATH", help="The job's Python, if it is not dsdoctor's.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option("--fail-on", type=click.Choice(LEVELS), default="warning", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="Every probe's time, every finding's reason.")
def preflight_command(
    config: Path | None,
    gpus: int | None,
    trainer: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    list_: bool,
    deep: bool,
    baseline: Path | None,
    python: str | None,
    format_: str,
    fail_on: str,
    verbose: bool,
) -> int:
    """Find what would kill the job of CONFIG (a ds_config.json) on this machine.

    Without CONFIG only the machine itself is looked at. Nothing needs torch or DeepSpeed.
    """
    if list_:
        _list()
        return EXIT_OK
    probes = chosen(only, skip, deep=deep)
    before = read_baseline(baseline) if baseline else None
    started = time.perf_counter()
    results = examine(config, probes, gpus=gpus, trainer=trainer, python=python)
    report = report_of(results, seconds=time.perf_counter() - started)
    if before is not None:
        report = with_changes(report, changes(before, results))
    emit(report, format_, verbose=verbose)
    return exit_code(report, fail_on)


def examine(
    config: Path | None,
    probes: Sequence[Probe],
    *,
    gpus: int | None,
    trainer: bool,
    python: str | None,
) -> list[ProbeResult]:
    """Ask this machine."""
    pack = load_pack()
    job = assemble(read_document(config), Sources(trainer=trainer)) if config else None
    site = this_site(job, wanted_gpus=gpus, python=python)
    with _progress(len(probes)) as advance:
        return run_probes(probes, site, pack, advance)


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


def _names(options: Sequence[str]) -> list[str]:
    return [name.strip() for option in options for name in option.split(",") if name.strip()]


def _list() -> None:
    for probe in PROBES:
        click.echo(f"{probe.id:<16}{probe.title}{' (with --deep)' if probe.deep else ''}")


def with_changes(report: Report, lines: Sequence[str]) -> Report:
    """The report with a note for each fact that changed since the baseline."""
    notes = [f"changed since the baseline: {line}" for line in lines] or [
        "nothing changed since the baseline"
    ]
    coverage = replace(report.coverage, notes=(*report.coverage.notes, *notes))
    return replace(report, coverage=coverage)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr of a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=count, label="looking", file=sys.stderr) as bar:
        yield lambda _: bar.update(1)
