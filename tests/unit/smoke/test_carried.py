"""The variables that go to other hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.smoke.carried import carry


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and beside it a working directory."""
    for name in ("home", "work", "run"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def carried(home: Path, ours: dict[str, str], **environment: str) -> list[str]:
    return carry(ours, home / "run", environment).read_text().splitlines()


def test_the_users_lines_come_first_and_ours_win(home: Path) -> None:
    (home / "home" / ".deepspeed_env").write_text("A=1\nDS_ACCELERATOR=cuda\n")
    (home / "work" / ".deepspeed_env").write_text("A=2")
    assert carried(home, {"DS_ACCELERATOR": "cpu"}) == [
        "A=1",
        "DS_ACCELERATOR=cuda",
        "A=2",
        "DS_ACCELERATOR=cpu",
    ]


def test_a_file_that_the_user_named_is_the_one(home: Path) -> None:
    (home / "work" / ".deepspeed_env").write_text("A=2\n")
    (home / "env").write_text("B=3\n")
    assert carried(home, {}, DS_ENV_FILE=str(home / "env")) == ["B=3", "B=3"]


def test_what_a_remote_shell_would_read_otherwise_stays_here(home: Path) -> None:
    ours = {"X": "$(touch pwned)", "Y": "a b", "Z": "a\nb", "PATH": "/bin", "OK": "/a/b-c_1.2"}
    assert carried(home, ours) == ["OK=/a/b-c_1.2"]
