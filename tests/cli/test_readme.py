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
    pattern = r"<!-- sample -->\n```text\n\$ dsdoctor (.+?)\n\n(.*?)```"
    ((command, shown),) = re.findall(pattern, README, re.DOTALL)
    main(command.split())
    assert timeless(capsys.readouterr().out) == timeless(shown)


def timeless(text: str) -> str:
    """The text without how long it took."""
    return re.sub(r"in \d+\.\d\d s", "", text).strip()


@pytest.mark.parametrize("name", ["first-command", "test-command"])
def test_the_commands_are_one_line_each(name: str) -> None:
    """CI reads them out of the README and runs them."""
    (block,) = re.findall(rf"<!-- {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert len(block.strip().splitlines()) == 1
    assert "python3 -m venv" in block
