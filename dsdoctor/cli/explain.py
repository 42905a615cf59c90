"""``dsdoctor explain``: read the logs of a dead job and say what killed it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dsdoctor.checks.tailor import tailored
from dsdoctor.cli.formats import Outputs, format_options
from dsdoctor.cli.host_options import NOT_THERE, Reach, host_options
from dsdoctor.cli.mend import Wish, fixed
from dsdoctor.cli.output import progress_bar
from dsdoctor.cli.verdicts import LEVELS, exit_code
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material, read_material
from dsdoctor.errors import SourceError, UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.logs.discover import discover
from dsdoctor.model import Report
from dsdoctor.transport.ask import in_words
from dsdoctor.transport.gather import gather
from dsdoctor.transport.launchers import launcher_named


@click.command("explain")
@click.argument("paths", nargs=-1, required=True, metavar="LOG...")
@format_options
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="warning",
    show_default=True,
    help="Exit with 1 if a finding is at least this severe.",
)
@click.option(
    "--rules",
    "rules_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Add the rules of this folder; a code that exists already is replaced.",
)
@host_options(
    timeout=300, meaning="LOG lies on the hosts of this file (DeepSpeed's syntax): scan it there."
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The job's ds_config.json: remedies then carry its own numbers.",
)
@click.option("--trainer", is_flag=True, help='The Hugging Face Trainer fills "auto" in it.')
@click.option(
    "--fix",
    type=click.IntRange(0),
    is_flag=False,
    flag_value=0,
    metavar="[N]",
    help="Apply fix N to --config; without a number the first that changes it.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the fixed file here.")
@click.option("--in-place", is_flag=True, help="Write the fixed file over the old one.")
@click.option("-v", "--verbose", is_flag=True, help="Tell every finding, not only the causes.")
def explain_command(
    paths: tuple[str, ...],
    outputs: Outputs,
    fail_on: str,
    rules_folder: Path | None,
    reach: Reach,
    config: Path | None,
    trainer: bool,
    fix: int | None,
    output: Path | None,
    in_place: bool,
    verbose: bool,
) -> int:
    """Say what killed the job that wrote LOG.

    LOG is a file, several files, a folder, a glob, or - for standard input; gzip, xz, bzip2 and
    zstd are read as they are. In a folder, flight-recorder dumps, py-spy stacks, torchelastic's
    error.json, kernel logs and nvidia-smi output are found by themselves.
    """
    pack = load_pack(extra=rules_folder)
    report = examine_hosts(paths, pack, reach) if reach.elsewhere else examine(paths, pack)
    if config is not None:
        wish = Wish(unsafe=True, output=output, in_place=in_place)
        report = with_config(report, config, pack, trainer=trainer)
        report = report if fix is None else fixed(report, config, fix, wish)
    elif fix is not None or output or in_place:
        raise UsageError("there is nothing to fix without --config", hint="--config ds_config.json")
    outputs.publish(report, verbose=verbose)
    return exit_code(report, fail_on)


def with_config(report: Report, config: Path, pack: Pack, *, trainer: bool) -> Report:
    """The report with its remedies fitted to the job's own configuration."""
    sources = Sources(
        world_size=report.coverage.world_size,
        trainer=trainer,
        deepspeed=report.versions.get("deepspeed") or None,
    )
    return tailored(report, assemble(read_document(config), sources), pack)


def examine(paths: tuple[str, ...], pack: Pack) -> Report:
    """Find, read and explain the logs of this host."""
    started = time.perf_counter()
    found = discover(paths)
    with progress_bar(found.paths) as advance:
        material = read_material(found.paths, pack, advance)
    return explain(material, pack, time.perf_counter() - started, found.notes)


def examine_hosts(paths: tuple[str, ...], pack: Pack, reach: Reach) -> Report:
    """Scan the logs on each host, and explain what comes back."""
    started = time.perf_counter()
    got = gather(
        reach.hosts(),
        paths,
        pack,
        launcher_named(reach.launcher),
        timeout=reach.timeout,
        remote_command=reach.remote_command,
    )
    silent = in_words(got.silent)
    if not got.records:
        missing = any("is not there" in line for line in silent)
        raise SourceError(
            f"no host answered; {'; '.join(silent)}", hint=NOT_THERE if missing else ""
        )
    notes = [*got.notes, *silent]
    return explain(Material(list(got.records)), pack, time.perf_counter() - started, notes)
