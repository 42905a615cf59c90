"""``dsdoctor explain``: read the logs of a dead job and say what killed it."""

from __future__ import annotations

import time
from pathlib import Path

import click

from dsdoctor.cli.output import emit, progress_bar
from dsdoctor.diagnosis.explain import explain
from dsdoctor.errors import EXIT_FINDINGS, EXIT_OK
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.discover import discover
from dsdoctor.logs.read import read_logs
from dsdoctor.model import Report, Severity

LEVELS = [*(severity.value for severity in Severity), "never"]


@click.command("explain")
@click.argument("paths", nargs=-1, required=True, metavar="LOG...")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
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
@click.option("-v", "--verbose", is_flag=True, help="Tell every finding, not only the causes.")
def explain_command(
    paths: tuple[str, ...], format_: str, fail_on: str, rules_folder: Path | None, verbose: bool
) -> int:
    """Say what killed the job that wrote LOG.

    LOG is a file, several files, a folder, a glob, or - for standard input; gzip, xz, bzip2 and
    zstd are read as they are.
    """
    report = examine(paths, rules_folder)
    emit(report, format_, verbose=verbose)
    return exit_code(report, fail_on)


def examine(paths: tuple[str, ...], rules_folder: Path | None) -> Report:
    """Find, read and explain the logs."""
    started = time.perf_counter()
    found = discover(paths)
    pack = load_pack(extra=rules_folder)
    with progress_bar(found.paths) as advance:
        records = read_logs(found.paths, pack, advance)
    return explain(records, pack, time.perf_counter() - started, notes=found.notes)


def exit_code(report: Report, fail_on: str) -> int:
    """1 if any finding is at or above ``fail_on``."""
    if fail_on == "never":
        return EXIT_OK
    level = Severity(fail_on).level
    worst = max((finding.severity.level for finding in report.findings), default=-1)
    return EXIT_FINDINGS if worst >= level else EXIT_OK
