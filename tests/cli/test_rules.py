"""The knowledge base from the command line, and its pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from tests.conftest import ROOT
from tools.rule_pages import stale


def test_rules_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list((ROOT / "rules").glob("*/*.yaml")))


def test_rules_as_json_of_one_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--family", "config", "--format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)
    assert {rule["family"] for rule in rules} == {"config"}


@pytest.mark.parametrize("name", ["DSC001", "dsc001", "batch-triangle"])
def test_rule_prints_a_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By code in any case, or by slug."""
    assert main(["rule", name]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# DSC001 ")
    assert "## Why it happens" in out
    assert "## Ways out" in out


def test_rules_check_validates_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--check", str(ROOT / "rules")]) == 0
    bad = tmp_path / "config" / "bad-rule.yaml"
    bad.parent.mkdir()
    bad.write_text("code: 3\n")
    assert main(["rules", "--check", str(tmp_path)]) == 2
    assert f"{bad}:1:7" in capsys.readouterr().err


def test_the_pages_are_current() -> None:
    """Run ``python tools/rule_pages.py`` after a change of the rules."""
    assert stale() == []
