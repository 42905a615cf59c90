"""Problems in the words of their rules."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dsdoctor.checks.problem import Fix, Problem
from dsdoctor.job.place import Setting
from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.findings import in_its_words
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.remedies import remedies_of
from dsdoctor.knowledge.rule import Rule
from dsdoctor.model import Evidence, Finding, Remedy


def finding_of(problem: Problem, spec: JobSpec, pack: Pack) -> Finding:
    """The finding that tells of ``problem``; its own fixes come before the rule's remedies."""
    rule = pack[problem.code]
    return in_its_words(
        rule,
        rule.lint.message if rule.lint else "",
        problem.values,
        severity=problem.severity,
        confidence=problem.confidence,
        evidence=tuple(_evidence(setting, spec) for setting in problem.settings),
        remedies=tuple(_remedies(problem, rule)),
    )


def _remedies(problem: Problem, rule: Rule) -> Iterator[Remedy]:
    """The fixes for this file; of the rule's, those that no fix makes needless."""
    for fix in problem.fixes:
        yield _as_remedy(fix)
    for remedy in remedies_of(rule, problem.values):
        if not (problem.fixes and remedy.config):
            yield remedy


def _as_remedy(fix: Fix) -> Remedy:
    return Remedy(
        summary=fix.summary,
        kind="config",
        config=fix.patch,
        risk="safe" if fix.safe else "choice",
        fix="safe" if fix.safe else "unsafe",
    )


def _evidence(setting: Setting, spec: JobSpec) -> Evidence:
    """The line as its author wrote it, where that is the configuration's."""
    place = setting.place
    text = spec.config.line(place.line) if place.file == spec.config.name else ""
    shown = text.strip() or f"{setting.name}: {json.dumps(setting.value, default=str)}"
    return Evidence(place.file, place.line, shown, key=setting.name)
