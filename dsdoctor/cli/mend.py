"""Mends configurations: repairs, shows what changed, and saves it where that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsdoctor.checks.lint import lint
from dsdoctor.checks.repair import Repair, repair
from dsdoctor.cli.writing import diff_of, write_new, write_over
from dsdoctor.errors import UsageError
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.edit import drop_duplicates, edit
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Change, Remedy, Report


@dataclass(frozen=True, slots=True)
class Wish:
    """How far to go, and where to. Without a target nothing is saved."""

    unsafe: bool
    output: Path | None
    in_place: bool


def mend(specs: Sequence[JobSpec], pack: Pack, wish: Wish) -> Report:
    """Repair each configuration; the report tells what is left and what changed.

    Raises:
        UsageError: two targets, one target for several files, or it cannot be written.
    """
    _check(specs, wish)
    repairs = [repair(spec, pack, unsafe=wish.unsafe) for spec in specs]
    changes = [_change(spec, done, wish) for spec, done in zip(specs, repairs, strict=True)]
    report = lint([done.spec for done in repairs], pack)
    return replace(report, changes=tuple(changes))


def fixed(report: Report, config: Path, number: int, wish: Wish) -> Report:
    """Apply the root cause's fix ``number`` to ``config``; 0 is the first that changes it.

    Raises:
        UsageError: there is no root cause, no such fix, or it is not one for the configuration.
    """
    _check([], wish)
    remedy = _chosen(report.verdict.root.remedies if report.verdict.root else (), number)
    document = read_document(config)
    text = edit(document, remedy.config) if remedy.config else drop_duplicates(document)
    change = _saved(document.name, document.text, text, (remedy.summary,), wish)
    return replace(report, changes=(change,))


def _chosen(remedies: Sequence[Remedy], number: int) -> Remedy:
    if number > len(remedies):
        raise UsageError(f"there is no fix {number}", hint=f"{len(remedies)} are known")
    remedy = remedies[number - 1] if number else next((r for r in remedies if r.fix), None)
    if remedy is None:
        raise UsageError("no fix of the root cause changes the configuration")
    if not remedy.fix:
        raise UsageError(f"fix {number} does not change the configuration", hint=remedy.summary)
    return remedy


def _check(specs: Sequence[JobSpec], wish: Wish) -> None:
    if wish.output and wish.in_place:
        raise UsageError("-o and --in-place name two targets", hint="give one of them")
    if wish.output and len(specs) > 1:
        raise UsageError("-o takes one fixed file, not several", hint="use --in-place")
    if wish.in_place and any(spec.config.name == "-" for spec in specs):
        raise UsageError("standard input cannot be fixed in place", hint="use -o FILE")


def _change(spec: JobSpec, done: Repair, wish: Wish) -> Change:
    """What the repair did, once it is saved."""
    applied = tuple(f"{finding.code}: {remedy.summary}" for finding, remedy in done.applied)
    return _saved(spec.config.name, spec.config.text, done.text, applied, wish)


def _saved(name: str, before: str, after: str, applied: tuple[str, ...], wish: Wish) -> Change:
    """Save the result where it goes, and tell of it."""
    written = ""
    if wish.output:
        write_new(wish.output, after)
        written = str(wish.output)
    elif wish.in_place and after != before:
        write_over(Path(name), after)
        written = name
    return Change(name, applied, diff_of(before, after, name), written)
