"""Applies fixes, one at a time, each checked before the next.

A fix counts only if the finding it belongs to is gone and no graver one came: otherwise it is
left out and named. So fixing twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dsdoctor.checks.lint import findings_in
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.edit import drop_duplicates, edit
from dsdoctor.job.syntax.parser import parse
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, Remedy, Severity

MAX_ROUNDS = 200
MAX_TRIED = 300_000
"""Characters of all texts that are tried: 75 changes of a file of 4 kB, 4 of one of 64 kB."""


@dataclass(frozen=True, slots=True)
class Repair:
    """The repaired job, what was done to it, and what is still wrong."""

    spec: JobSpec
    applied: tuple[tuple[Finding, Remedy], ...]
    left: tuple[Finding, ...]

    @property
    def text(self) -> str:
        """The configuration after the repair."""
        return self.spec.config.text


def repair(spec: JobSpec, pack: Pack, *, unsafe: bool) -> Repair:
    """Apply all safe fixes, and with ``unsafe`` the first unsafe one where there is no safe one."""
    findings = findings_in(spec, pack)
    applied: list[tuple[Finding, Remedy]] = []
    trial = _Trial(pack)
    for _ in range(MAX_ROUNDS):
        step = next(_steps(spec, findings, trial, unsafe), None)
        if step is None:
            break
        spec, findings, done = step
        applied.append(done)
    return Repair(spec, tuple(applied), tuple(findings))


Step = tuple[JobSpec, list[Finding], tuple[Finding, Remedy]]


Tried = tuple[JobSpec, list[Finding]]


class _Trial:
    """Tries changes, of one text each only once, and not without end."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._left = MAX_TRIED
        self._text = ""
        self._known: dict[str, Tried] = {}

    def of(
        self, spec: JobSpec, patch: Mapping[str, object]
    ) -> tuple[JobSpec, list[Finding]] | None:
        """The job after ``patch`` and what is wrong with it then; None when enough was tried."""
        if spec.config.text != self._text:
            self._text, self._known = spec.config.text, {}
        key = json.dumps(patch, sort_keys=True, default=str)
        if key not in self._known:
            self._left -= len(self._text)
            if self._left < 0:
                return None
            changed = with_patch(spec, patch)
            self._known[key] = changed, findings_in(changed, self._pack)
        return self._known[key]


def _steps(spec: JobSpec, findings: list[Finding], trial: _Trial, unsafe: bool) -> Iterator[Step]:
    """Each change that really mends something, safe ones first."""
    for wanted in ("safe", "unsafe")[: 1 + unsafe]:
        for finding in findings:
            for remedy in finding.remedies:
                if remedy.fix != wanted:
                    continue
                tried = trial.of(spec, remedy.config)
                if tried and _mended(finding, findings, tried[1]):
                    yield *tried, (finding, remedy)


def with_patch(spec: JobSpec, patch: Mapping[str, object]) -> JobSpec:
    """The job with its configuration changed; comments, order and indentation stay."""
    text = edit(spec.config, patch) if patch else drop_duplicates(spec.config)
    return replace(spec, config=parse(text, spec.config.name))


def _mended(finding: Finding, before: list[Finding], after: list[Finding]) -> bool:
    """The finding is gone, and nothing that would stop the job came in its place."""
    keys = [_key(item) for item in after]
    known = {_key(item) for item in before}
    worse = [
        item
        for item in after
        if item.severity.level >= Severity.ERROR.level and _key(item) not in known
    ]
    return keys.count(_key(finding)) < [_key(item) for item in before].count(_key(finding)) and (
        not worse
    )


def _key(finding: Finding) -> tuple[str, str]:
    """What a finding is about, whatever line it moved to."""
    return finding.code, finding.evidence[0].key if finding.evidence else ""
