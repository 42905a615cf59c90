"""Keeps reports from taking the place of what their command reads or writes."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.logs.discover import is_log_name

MAX_MATCHES = 10_000
MAX_PATH = 4096


def refuse_if_in_use(reports: Sequence[Path], files: Iterable[str]) -> None:
    """Compare where reports go with the other files of the command line.

    Args:
        reports: those that were asked for.
        files: all others: what is read, and what else is written.

    Raises:
        UsageError: a report would take the place of a log, a configuration or a fixed file.
    """
    if not reports:
        return
    named = [path for text in files for path in _paths(text)]
    for report in reports:
        if any(_is_same(report, path) or _is_log_below(report, path) for path in named):
            raise UsageError(
                "the command itself needs this file",
                hint="name another one for the report",
                location=str(report),
            )


def _paths(text: str) -> Iterator[str]:
    """What an argument may be the path of; a glob stands for all that it matches."""
    if "\0" not in text and len(text) < MAX_PATH:
        yield text
        if glob.has_magic(text):
            found = glob.iglob(text, recursive=True)  # noqa: PTH207 - absolute too
            yield from itertools.islice(found, MAX_MATCHES)


def _is_same(report: Path, path: str) -> bool:
    """The same name, or another name of the same file."""
    if os.path.realpath(report) == os.path.realpath(path):
        return True
    try:
        return os.path.samefile(report, path)  # noqa: PTH121
    except OSError:
        return False


def _is_log_below(report: Path, folder: str) -> bool:
    """Does it exist and look like one of the logs that are read from ``folder``?"""
    if not (is_log_name(report.name) and report.exists() and os.path.isdir(folder)):  # noqa: PTH112
        return False
    top = os.path.realpath(folder)
    return os.path.realpath(report).startswith(top.rstrip("/") + "/")
