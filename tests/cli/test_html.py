"""``--format html`` from the logs to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from tests.conftest import ROOT
from tests.unit.report.html_reader import named, read_html, texts

CASE = ROOT / "fixtures" / "cases" / "gpu-four-oom-one-rank" / "job.log"
TOKEN = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"


def page_of(log: Path, *options: str) -> str:
    """What explain writes of that log."""
    path = log.with_suffix(".html")
    assert main(["explain", str(log), "--format", f"html:{path}", *options]) == 1
    return path.read_text(encoding="utf-8")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A captured log with a token beside the line that tells the cause."""
    path = tmp_path / "job.log"
    lines = CASE.read_text().splitlines(keepends=True)
    assert "OutOfMemoryError" in lines[62]
    lines[63] = f"HF_TOKEN={TOKEN}\n"
    path.write_text("".join(lines))
    return path


def test_the_cause_stands_between_its_neighbours(log: Path) -> None:
    page = read_html(page_of(log, "--no-redact"))
    (row,) = [one for one in named(page, "mark") if "OutOfMemoryError" in texts(one)]
    assert "Tried to allocate 59.61 GiB" in texts(row)
    block = next(texts(one) for one in named(page, "pre") if "OutOfMemoryError" in texts(one))
    assert "return F.linear(input, self.weight, self.bias)" in block
    assert TOKEN in block


def test_secrets_in_the_neighbours_are_replaced(log: Path) -> None:
    text = page_of(log)
    assert "OutOfMemoryError" in text
    assert "HF_TOKEN=" in text
    assert TOKEN not in text


def test_a_page_on_standard_output_is_only_the_page(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", str(log), "--format", "html"])
    output = capsys.readouterr().out
    assert output.startswith("<!DOCTYPE html>")
    read_html(output)
