"""Questions asked in a child process."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dsdoctor.probes.child import ask_child
from dsdoctor.probes.clients.unavailable import Unavailable

DISK = "dsdoctor.probes.clients.disk_child"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with children of every kind."""
    for name, text in {
        "echo": "import json, sys; print('noise'); print(json.dumps(json.load(sys.stdin)))",
        "sleeps": "import time; time.sleep(60)",
        "dies": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "fails": "import sys; sys.exit('no such device')",
        "mumbles": "print('not json')",
        "mute": "",
    }.items():
        (tmp_path / f"child_{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("modules")
def test_an_answer_is_the_last_line() -> None:
    assert ask_child("child_echo", {"a": [1, None]}, 30) == {"a": [1, None]}


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dies", "died of SIGSEGV"),
        ("fails", "exit code 1: no such device"),
        ("mumbles", "no answer"),
        ("mute", "no answer"),
        ("absent", "No module named child_absent"),
    ],
)
def test_no_answer(name: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        ask_child(f"child_{name}", {}, 30)


@pytest.mark.usefixtures("modules")
def test_one_that_hangs_is_given_up() -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable, match=r"no answer in 0\.3 s"):
        ask_child("child_sleeps", {}, 0.3)
    # it would sleep for 60 s
    assert time.monotonic() - started < 30


def test_the_users_own_modules_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A json.py in the folder where preflight is called is none of ours."""
    (tmp_path / "json.py").write_text("import os; os.mkdir('was-run'); raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    answer = ask_child(DISK, {"folder": str(tmp_path), "size": 4096, "seconds": 0.1}, 30)
    assert "direct" in answer
    assert not Path("was-run").exists()
    assert os.listdir(tmp_path) == ["json.py"]  # noqa: PTH208
