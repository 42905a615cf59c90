"""Every rule's own configurations: lint finds it where it must, and is silent elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsdoctor.checks.lint import findings_in
from dsdoctor.checks.repair import repair, with_patch
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.rule import LintSample, Rule
from dsdoctor.model import Finding
from tests.conftest import ROOT
from tests.rules.lint_jobs import job_of

RULES = load_rules(ROOT / "rules")
FIRING = [(rule, sample) for rule in RULES if rule.lint for sample in rule.lint.fires]
SILENT = [(rule, sample) for rule in RULES if rule.lint for sample in rule.lint.silent]
CODES = [rule.code for rule, _ in FIRING]
FIXED = [(rule, sample) for rule, sample in FIRING if sample.fixed]


def code_of(item: object) -> str:
    """The test's name: the rule's code."""
    return getattr(item, "code", "")


def facts(finding: Finding) -> dict[str, object]:
    """What a sample may expect of a finding."""
    first = finding.evidence[0] if finding.evidence else None
    return {
        "key": first.key if first else None,
        "line": first.line if first else None,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
    }


def fits(sample: LintSample, finding: Finding) -> bool:
    """Is ``finding`` what the sample expects?"""
    wanted = dict(sample.expect)
    part = wanted.pop("message", "")
    return part in finding.message and wanted.items() <= facts(finding).items()


@pytest.mark.parametrize(("rule", "sample"), FIRING, ids=code_of)
def test_fires(rule: Rule, sample: LintSample, pack: Pack, tmp_path: Path) -> None:
    """Lint reports the rule, at the expected key and line."""
    found = [item for item in findings_in(job_of(sample, tmp_path), pack) if item.code == rule.code]
    assert any(fits(sample, item) for item in found), [(facts(f), f.message) for f in found]
    assert not any("?" in item.message.split() for item in found), "a hole in the message"


@pytest.mark.parametrize(("rule", "sample"), SILENT, ids=code_of)
def test_silent(rule: Rule, sample: LintSample, pack: Pack, tmp_path: Path) -> None:
    """Lint leaves what only looks alike alone."""
    found = [item for item in findings_in(job_of(sample, tmp_path), pack) if item.code == rule.code]
    assert not found, [(facts(f), f.message) for f in found]


@pytest.mark.parametrize(("rule", "sample"), FIXED, ids=code_of)
def test_first_fix(rule: Rule, sample: LintSample, pack: Pack, tmp_path: Path) -> None:
    """The first fix gives the configuration that the sample shows, and mends the finding."""
    spec = job_of(sample, tmp_path)
    found = [item for item in findings_in(spec, pack) if item.code == rule.code]
    finding = next(item for item in found if fits(sample, item))
    remedy = next(item for item in finding.remedies if item.fix)
    mended = with_patch(spec, remedy.config)
    assert mended.config.text.strip() == sample.fixed.strip()
    left = [item for item in findings_in(mended, pack) if item.code == rule.code]
    assert len(left) < len(found)


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("sample", [sample for _, sample in FIRING], ids=CODES)
def test_repair_is_stable(sample: LintSample, unsafe: bool, pack: Pack, tmp_path: Path) -> None:
    """Fixing twice changes nothing; what was claimed as mended is gone; nothing graver came."""
    once = repair(job_of(sample, tmp_path), pack, unsafe=unsafe)
    twice = repair(once.spec, pack, unsafe=unsafe)
    assert twice.text == once.text
    assert not twice.applied
    if job_of(sample, tmp_path).config.strict_error is None:
        json.loads(once.text)
