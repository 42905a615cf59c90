"""Captured logs of real runs: right verdict and evidence on failures, silence on the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.discover import discover
from dsdoctor.model import Report
from dsdoctor.report import json_v1
from tests.conftest import ROOT

CASES = sorted((ROOT / "fixtures" / "cases").glob("*/meta.yaml"))
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "tests" / "cases" / "expected.yaml").read_text()
)
TOLERANCE = 3
CONTRACT = jsonschema.Draft202012Validator(
    json.loads((ROOT / "dsdoctor" / "report" / "report-1.schema.json").read_text())
)


def report_of(folder: Path, pack: Pack) -> Report:
    """Explain a case as a user would: by naming its folder. Its JSON keeps the contract."""
    report = explain(read_material(discover([str(folder)]).paths, pack), pack)
    CONTRACT.validate(json.loads(json_v1.render(report)))
    return report


def test_every_case_has_an_expectation() -> None:
    assert {path.parent.name for path in CASES} == set(EXPECTED)


@pytest.mark.parametrize("meta_path", CASES, ids=lambda path: path.parent.name)
def test_case(meta_path: Path, pack: Pack) -> None:
    """Code, evidence line, rank and the words that a right diagnosis has."""
    meta = yaml.safe_load(meta_path.read_text())
    report = report_of(meta_path.parent, pack)
    root = report.verdict.root
    assert root is not None
    expected = EXPECTED[meta["slug"]]
    assert (root.code, root.confidence.value) == (expected["code"], expected["confidence"])
    lines = [item.line for item in root.evidence]
    assert any(abs(line - meta["root_line"]) <= TOLERANCE for line in lines), (lines, meta)
    text = " ".join((root.title, root.message, root.why)).lower()
    assert any(re.search(regex, text) for regex in meta["accept"])
    _check_rank(root.ranks, meta["root_rank"])


def _check_rank(ranks: tuple[int, ...], truth: int | list[int] | None) -> None:
    """A rank that is named must be a guilty one."""
    guilty = {truth} if isinstance(truth, int) else set(truth or ())
    if guilty:
        assert set(ranks) <= guilty
