"""``--format``, ``--output-file``, ``--overwrite``, ``--redact``: for commands that report."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from dsdoctor.cli.given import NOTHING, Given, given_in
from dsdoctor.cli.in_use import refuse_if_in_use
from dsdoctor.cli.output import emit
from dsdoctor.cli.report_files import append, refuse_if_taken, write_report
from dsdoctor.cli.versions import Versions
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
    "html": "html",
}
"""Modules of ``dsdoctor.report`` with a ``render(report) -> str``, loaded when they are needed."""
NAMES = (TEXT, *RENDERERS)
SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where GitHub's runner wants the Markdown of a job summary; it sets this in every step."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which format goes where. ``screen`` is empty where standard output stays empty.

    ``redact`` is None where that depends on the format; ``given`` are the other arguments.
    """

    screen: str
    files: tuple[tuple[str, Path], ...] = ()
    overwrite: bool = False
    redact: bool | None = None
    given: Given = NOTHING

    def publish(self, report: Report, *, verbose: bool) -> None:
        """Put the report out everywhere. One place that fails does not keep it from the others.

        Raises:
            UsageError: a file could not be written.
        """
        if "html" in (self.screen, *(name for name, _ in self.files)):
            from dsdoctor.cli.context import with_excerpts

            report = with_excerpts(report)
        versions = Versions(report, self.redact, self.given)
        failures = [self._save(versions, name, path, verbose) for name, path in self.files]
        self._print(versions, verbose=verbose)
        if "github" in (self.screen, *(name for name, _ in self.files)):
            _summarise(versions.for_format("github"))
        for failure in filter(None, failures):
            raise failure

    def _save(self, versions: Versions, name: str, path: Path, verbose: bool) -> UsageError | None:
        """What went wrong, if anything did."""
        try:
            text = rendered(versions.for_format(name), name, verbose=verbose)
            write_report(path, text, overwrite=self.overwrite)
        except UsageError as error:
            return error
        return None

    def _print(self, versions: Versions, *, verbose: bool) -> None:
        if not self.screen:
            return
        report = versions.for_format(self.screen)
        if self.screen in (TEXT, "json"):
            emit(report, self.screen, verbose=verbose)
        else:
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
    @click.option(
        "--redact/--no-redact",
        default=None,
        help="Replace secrets, users, hosts and addresses. Default: in all but text and json.",
    )
    @functools.wraps(command)
    def with_outputs(
        *args: Any,
        formats: tuple[str, ...],
        output_file: Path | None,
        overwrite: bool,
        redact: bool | None,
        **rest: Any,
    ) -> int:
        outputs = chosen(formats, output_file, overwrite=overwrite)
        given = given_in(rest)
        refuse_if_in_use([path for _, path in outputs.files], given.files)
        return command(*args, outputs=replace(outputs, redact=redact, given=given), **rest)

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
    real = [os.path.realpath(path) for path in paths]
    for number, path in enumerate(paths):
        if real[number] in real[:number]:
            raise UsageError("two reports cannot share one file", location=str(path))


def _summarise(report: Report) -> None:
    if path := os.environ.get(SUMMARY):
        append(Path(path), rendered(report, "markdown", verbose=False))
