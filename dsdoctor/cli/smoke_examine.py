"""Explains a smoke run by its own log, its stacks and its flight recorders."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dsdoctor.checks.tailor import tailored
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, Report
from dsdoctor.smoke.folder import RunFolder
from dsdoctor.smoke.launch import WORKER
from dsdoctor.smoke.recorder import DUMPS


def examiner(pack: Pack, spec: JobSpec | None, *, kept: bool) -> Callable[[RunFolder], Report]:
    """What looks at the folder of a run that did not pass, while it is there.

    Args:
        pack: the rules.
        spec: the user's settings: remedies then carry their numbers.
        kept: the folder stays, so the report may name it.
    """

    def examine(folder: RunFolder) -> Report:
        started = time.perf_counter()
        stacks = sorted(folder.path.glob("py-spy-rank*.txt"))
        dumps = sorted(folder.path.glob(f"{DUMPS}*"))
        material = read_material([folder.log, *stacks, *dumps], pack)
        report = _shorn(explain(material, pack, time.perf_counter() - started))
        report = tailored(report, spec, pack) if spec else report
        return report if kept else _without(report, folder.path)

    return examine


def _changed(report: Report, change: Callable[[Finding], Finding]) -> Report:
    """The report with every finding changed. The root stays one of the findings."""
    new = {id(finding): change(finding) for finding in report.findings}
    root = report.verdict.root
    if root is not None:
        root = new.get(id(root)) or change(root)
    return replace(report, verdict=replace(report.verdict, root=root), findings=tuple(new.values()))


def _shorn(report: Report) -> Report:
    """The report without frames of the worker: they are not the user's code."""

    def shown(finding: Finding) -> Finding:
        if str(WORKER.parent) not in finding.user_frame:
            return finding
        told = finding.message.partition(f" in {WORKER.parent}")[0]
        return replace(finding, user_frame="", message=told, evidence=finding.evidence[:-1])

    return _changed(report, shown)


def _without(report: Report, folder: Path) -> Report:
    """The report with the names of files that are soon gone cut to ``job.log``."""

    def cut(file: str) -> str:
        return file.removeprefix(f"{folder}/")

    def shown(finding: Finding) -> Finding:
        proof = tuple(replace(item, file=cut(item.file)) for item in finding.evidence)
        return replace(finding, evidence=proof)

    return replace(
        _changed(report, shown),
        timeline=tuple(replace(entry, file=cut(entry.file)) for entry in report.timeline),
        ranks=tuple(replace(row, file=cut(row.file)) for row in report.ranks),
    )
