"""What the README shows is what the program does."""

from __future__ import annotations

import re

import pytest

from dsdoctor.cli.main import main
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_sample_output_is_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the time it took."""
    monkeypatch.chdir(ROOT)
    (sample,) = re.findall(r"<!-- sample -->\n```text\n\$ dsdoctor (.+?)\n\n(.*?)```", README, re.S)
    main(sample[0].split())
    shown, now = (re.sub(r"in \d+\.\d\d s", "", text) for text in (sample[1], capsys.readouterr().out))
    assert shown.strip() == now.strip()


@pytest.mark.parametrize("name", ["first-command", "test-command"])
def test_the_commands_are_one_line_each(name: str) -> None:
    """CI reads them out of the README and runs them."""
    (block,) = re.findall(rf"<!-- {name} -->\n```sh\n(.*?)```", README, re.S)
    assert len(block.strip().splitlines()) == 1
    assert "python3 -m venv" in block
