"""Captured cases in every format, read back as the format's consumer reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.cli.formats import NAMES
from dsdoctor.cli.main import main
from tests.conftest import ROOT
from tests.unit.report.consumers import READERS

CASES = sorted(path.parent for path in (ROOT / "fixtures").glob("*/*/meta.yaml"))[::6]
"""One of six, for the time's sake: some of each kind."""


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_case_in_every_format(case: Path, tmp_path: Path) -> None:
    wanted = [word for name in NAMES for word in ("--format", f"{name}:{tmp_path / name}")]
    assert main(["explain", str(case), "--fail-on", "never", *wanted]) == 0
    for name in NAMES:
        READERS[name]((tmp_path / name).read_text())
