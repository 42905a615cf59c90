"""``--format``, ``--output-file`` and ``--overwrite``: the same for every command that reports."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from dsdoctor.cli.output import emit
from dsdoctor.cli.report_files import append, refuse_if_taken, write_report
from dsdoctor.errors import UsageError
from dsdoctor.model import Report
from dsdoctor.report.lines import as_plain
from dsdoctor.report.people import laid_out

TEXT = "text"
RENDERERS = {
    "json": "json_v1",
    "markdown": "markdown",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "sarif": "sarif",
}
"""Modules of ``dsdoctor.report`` with a ``render(report) -> str``, loaded when they are needed."""
NAMES = (TEXT, *RENDERERS)
SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where GitHub's runner wants the Markdown of a job summary; it sets this in every step."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which format goes where. ``screen`` is empty where standard output stays empty."""

    screen: str
    files: tuple[tuple[str, Path], ...] = ()
    overwrite: bool = False

    def publish(self, report: Report, *, verbose: bool) -> None:
        """Put the report out everywhere. One place that fails does not keep it from the others.

        Raises:
            UsageError: a file could not be written.
        """
        failures = [self._save(report, name, path, verbose) for name, path in self.files]
        self._print(report, verbose=verbose)
        if "github" in (self.screen, *(name for name, _ in self.files)):
            _summarise(report)
        for failure in filter(None, failures):
            raise failure

    def _save(self, report: Report, name: str, path: Path, verbose: bool) -> UsageError | None:
        """What went wrong, if anything did."""
        try:
            text = rendered(report, name, verbose=verbose)
            write_report(path, text, overwrite=self.overwrite)
        except UsageError as error:
            return error
        return None

    def _print(self, report: Report, *, verbose: bool) -> None:
        if self.screen in (TEXT, "json"):
            emit(report, self.screen, verbose=verbose)
        elif self.screen:
            click.echo(rendered(report, self.screen, verbose=verbose), nl=False)


def format_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give ``command`` the options, and one argument ``outputs`` in their place."""

    @click.option(
        "--format",
        "formats",
        multiple=True,
        metavar="NAME[:PATH]",
        help=f"{', '.join(NAMES)}; with PATH into that file. Can be given several times.",
    )
    @click.option(
        "--output-file",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Write the report here instead of printing it.",
    )
    @click.option("--overwrite", is_flag=True, help="Replace reports that exist.")
    @functools.wraps(command)
    def with_outputs(
        *args: Any, formats: tuple[str, ...], output_file: Path | None, overwrite: bool, **rest: Any
    ) -> int:
        outputs = chosen(formats, output_file, overwrite=overwrite)
        return command(*args, outputs=outputs, **rest)

    return with_outputs


def chosen(formats: Sequence[str], output_file: Path | None, *, overwrite: bool) -> Outputs:
    """What was asked for. Without a format for standard output, that is text.

    Raises:
        UsageError: a format is unknown, or two want one place, or a file is in the way.
    """
    asked = [_parsed(text) for text in formats]
    plain = [name for name, path in asked if path is None]
    files = [(name, path) for name, path in asked if path is not None]
    if len(plain) > 1:
        raise UsageError(
            f"{plain[0]} and {plain[1]} cannot both go to one place",
            hint=f"give one a file: --format {plain[1]}:PATH",
        )
    screen = plain[0] if plain else TEXT
    if output_file is not None:
        files.append((screen, output_file))
        screen = ""
    _refuse_shared([path for _, path in files])
    for _, path in files:
        refuse_if_taken(path, overwrite=overwrite)
    return Outputs(screen, tuple(files), overwrite)


def rendered(report: Report, name: str, *, verbose: bool) -> str:
    """The report in one format, as text without colours."""
    if name == TEXT:
        return as_plain(laid_out(report, verbose=verbose))
    render: Callable[[Report], str] = import_module(f"dsdoctor.report.{RENDERERS[name]}").render
    return render(report)


def _parsed(text: str) -> tuple[str, Path | None]:
    """``json:report.json`` as name and path."""
    name, colon, path = text.partition(":")
    if name not in NAMES:
        raise UsageError(f"no such format: {name[:40]!r}", hint=f"one of {', '.join(NAMES)}")
    if colon and not path:
        raise UsageError(f"--format {name}: names no file", hint=f"--format {name}:PATH")
    return name, Path(path) if path else None


def _refuse_shared(paths: Sequence[Path]) -> None:
    for number, path in enumerate(paths):
        if path in paths[:number]:
            raise UsageError("two reports cannot share one file", location=str(path))


def _summarise(report: Report) -> None:
    if path := os.environ.get(SUMMARY):
        append(Path(path), rendered(report, "markdown", verbose=False))
