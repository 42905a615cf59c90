"""All that there is about a job: its logs, and the other witnesses, each optional."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dsdoctor.diagnosis.witnesses import read_witnesses
from dsdoctor.errors import SourceError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.flight_recorder import Dump, read_dumps
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.pyspy import Stack, read_pyspy
from dsdoctor.logs.read import read_logs
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.witness import Witness, sorted_out
from dsdoctor.model import Finding


@dataclass(slots=True)
class Material:
    """What was read.

    ``records`` are of the job's own logs, ``heard`` of witnesses (error.json, the kernel), which
    say nothing of how the job's output ended. ``findings`` are context that a witness gives.
    """

    records: list[LogRecord] = field(default_factory=list)
    heard: list[LogRecord] = field(default_factory=list)
    dumps: list[Dump] = field(default_factory=list)
    stacks: list[Stack] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_material(
    paths: Sequence[Path], pack: Pack, advance: Callable[[int], None] = lambda _: None
) -> Material:
    """Read every file as what it is.

    Args:
        paths: logs and witnesses, mixed, as ``dsdoctor.logs.discover`` found them.
        pack: the rules.
        advance: told the number of bytes of log done.

    Raises:
        SourceError: there is a single log and it cannot be opened.
    """
    logs, witnesses = sorted_out(paths)
    matcher = Matcher(pack)
    material = Material(records=read_logs(logs, matcher, advance))
    if witnesses:
        _hear(material, witnesses, pack, matcher)
    return material


def _hear(material: Material, witnesses: list[Witness], pack: Pack, matcher: Matcher) -> None:
    """Add what the witnesses say."""
    heard = read_witnesses(witnesses, pack, matcher, material.records)
    material.heard += heard.records
    material.findings += heard.findings
    material.notes += heard.notes
    recorded = [item.path for item in witnesses if item.kind == "flight-recorder"]
    dumps, notes = read_dumps(recorded)
    material.dumps += dumps
    material.notes += notes
    for item in witnesses:
        if item.kind == "py-spy":
            _read_stacks(material, item.path)


def _read_stacks(material: Material, path: Path) -> None:
    try:
        material.stacks += read_pyspy(path)
    except SourceError as error:
        material.notes.append(str(error))
