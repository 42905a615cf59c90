"""``dsdoctor preflight``: find what would kill the job, before it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from dsdoctor import __version__
from dsdoctor.cli.formats import Outputs, format_options
from dsdoctor.cli.host_options import Reach, host_options
from dsdoctor.cli.preflight_hosts import Wish, hosts_report
from dsdoctor.cli.probing import chosen, listed, probed
from dsdoctor.cli.scan import this_host
from dsdoctor.cli.verdicts import LEVELS, exit_code
from dsdoctor.errors import EXIT_OK
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.model import Report
from dsdoctor.probes.baseline import changes, read_baseline
from dsdoctor.probes.here import this_site
from dsdoctor.probes.hosts.parcel import Parcel, pack_up
from dsdoctor.probes.report import report_of
from dsdoctor.probes.site import Meeting
from dsdoctor.transport.framing import framed

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("preflight")
@click.argument("config", required=False, type=FILE)
@click.option("--gpus", type=click.IntRange(0), metavar="N", help="GPUs of a host that are wanted.")
@click.option("--trainer", is_flag=True, help='The Hugging Face Trainer will fill "auto".')
@click.option("--training-args", type=FILE, help="TrainingArguments as JSON or YAML.")
@click.option("--accelerate-config", type=FILE, help="What `accelerate config` wrote.")
@click.option("--launch", metavar="LINE", default="", help="The launch line, in quotes.")
@click.option("--only", multiple=True, metavar="ID[,ID]", help="Only these probes.")
@click.option("--skip", multiple=True, metavar="ID[,ID]", help="All probes but these.")
@click.option("--list", "list_", is_flag=True, help="List the probes and end.")
@click.option("--deep", is_flag=True, help="Also those that use the GPUs for a while.")
@click.option("--baseline", type=FILE, help="An earlier JSON report: say what changed since.")
@click.option("--python", metavar="PATH", help="The job's Python, if it is not dsdoctor's.")
@format_options
@host_options(timeout=60, meaning="Look at every host of this file (DeepSpeed's syntax).")
@click.option("--fail-on", type=click.Choice(LEVELS), default="warning", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="Every probe's time, every finding's reason.")
@click.option("--framed", "in_frame", is_flag=True, hidden=True)
@click.option("--hosts", type=click.IntRange(1), default=1, hidden=True)
@click.option("--world-size", type=click.IntRange(1), hidden=True)
@click.option("--meet", default="", hidden=True)
def preflight_command(
    config: Path | None,
    gpus: int | None,
    trainer: bool,
    training_args: Path | None,
    accelerate_config: Path | None,
    launch: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    list_: bool,
    deep: bool,
    baseline: Path | None,
    python: str | None,
    reach: Reach,
    outputs: Outputs,
    fail_on: str,
    verbose: bool,
    in_frame: bool,
    hosts: int,
    world_size: int | None,
    meet: str,
) -> int:
    """Find what would kill the job of CONFIG (a ds_config.json) on this machine, or on all hosts.

    Without CONFIG only the machines themselves are looked at. Nothing needs torch or DeepSpeed.
    """
    if list_:
        click.echo("\n".join(listed()))
        return EXIT_OK
    before = read_baseline(baseline) if baseline else None
    probes = chosen(only, skip, deep=deep)
    sources = Sources(
        world_size=world_size,
        trainer=trainer,
        training_args=training_args,
        accelerate_config=accelerate_config,
        launch=launch,
    )
    if not reach.elsewhere:
        job = job_of(config, sources)
        started = time.perf_counter()
        meeting = Meeting.parse(meet)
        site = this_site(job, wanted_gpus=gpus, python=python, hosts=hosts, meeting=meeting)
        results = probed(probes, site, load_pack())
        if in_frame:
            sent = Parcel(
                version=__version__, host=this_host(), clock=time.time(), results=tuple(results)
            )
            click.echo("\n".join(framed(pack_up(sent), sent.host)))
            return EXIT_OK
        report = report_of(results, seconds=time.perf_counter() - started)
    else:
        wish = Wish(config, gpus, python, deep, tuple(probe.id for probe in probes), sources)
        report = hosts_report(reach, wish, load_pack())
    if before is not None:
        report = with_changes(report, changes(before, report.probes))
    outputs.publish(report, verbose=verbose)
    return exit_code(report, fail_on)


def job_of(config: Path | None, sources: Sources) -> JobSpec | None:
    """The job's settings from all places; None where no configuration was given."""
    return assemble(read_document(config), sources) if config else None


def with_changes(report: Report, lines: Sequence[str]) -> Report:
    """The report with a note for each fact that changed since the baseline."""
    notes = [f"changed since the baseline: {line}" for line in lines] or [
        "nothing changed since the baseline"
    ]
    coverage = replace(report.coverage, notes=(*report.coverage.notes, *notes))
    return replace(report, coverage=coverage)
