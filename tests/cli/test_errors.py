"""Errors quote names and texts of others; a terminal must not obey them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from dsdoctor.errors import EXIT_USAGE


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\x9bb", "a\u202eb", "a\rb", "a\udcffb"])
def test_a_hostile_name_in_an_error_is_spelt_out(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert main(["explain", str(folder)]) == EXIT_USAGE
    said = capsys.readouterr().err
    assert "no log among 0 files" in said
    assert "hint:" in said.splitlines()[1]
    assert said.replace("\n", "").isprintable()
