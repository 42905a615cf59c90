"""Captured reports of preflight on real GPUs: each fault was found, healthy machines are clean."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from dsdoctor.knowledge.pack import Pack
from dsdoctor.probes.registry import PROBES
from tests.conftest import ROOT

FOLDER = ROOT / "fixtures" / "preflight"
CAPTURED = sorted(path.parent for path in FOLDER.glob("*/report.json"))
SCHEMA = json.loads((ROOT / "dsdoctor/report/report-1.schema.json").read_text())


@pytest.mark.parametrize("folder", CAPTURED, ids=lambda path: path.name)
def test_a_capture(folder: Path, pack: Pack) -> None:
    """It keeps the contract, and blames what was broken."""
    report = json.loads((folder / "report.json").read_text())
    meta = yaml.safe_load((folder / "meta.yaml").read_text())
    jsonschema.validate(report, SCHEMA)
    by_probe = {item["probe"]: item for item in report["probes"]}
    assert set(by_probe) <= {probe.id for probe in PROBES}
    assert all(item["code"] in pack for item in report["findings"])
    if meta["code"]:
        codes = {item["code"] for item in by_probe[meta["probe"]]["findings"]}
        assert codes & set(meta["code"].split("|"))
        assert meta["exit_code"] == 1
    else:
        levels = {item["severity"] for item in report["findings"]}
        assert (meta["exit_code"], levels <= {"info"}) == (0, True)
