"""Puts a report out: data on stdout, progress on stderr, colours only where they are wanted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from dsdoctor.model import Report
from dsdoctor.report import json_v1
from dsdoctor.report.lines import as_plain, print_styled
from dsdoctor.report.people import laid_out

LONG_READ = 64 * 1024 * 1024
"""Bytes below which the reading is over before a progress bar could be read."""


def emit(report: Report, format_: str, *, verbose: bool) -> None:
    """Write ``report`` to standard output."""
    if format_ == "json":
        click.echo(json_v1.render(report), nl=False)
        return
    if wants_colour():
        width = shutil.get_terminal_size().columns
        print_styled(laid_out(report, width, verbose=verbose), sys.stdout)
    else:
        click.echo(as_plain(laid_out(report, verbose=verbose)), nl=False)


def wants_colour() -> bool:
    """A terminal that is not dumb, and nobody asked for no colour (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


@contextmanager
def progress_bar(paths: Sequence[Path]) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for long reads on a terminal; elsewhere nothing.

    Compressed logs make the bar end early or late: their size on disk is all that is known.
    """
    total = sum(path.stat().st_size for path in paths if path.is_file())
    if total < LONG_READ or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="reading", file=sys.stderr) as bar:
        yield bar.update
