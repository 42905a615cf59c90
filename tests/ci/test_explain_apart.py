"""Explaining in a process of its own, within limits."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dsdoctor.cli import explain_apart
from dsdoctor.cli.explain_apart import verdict_on
from tests.conftest import ROOT

LOG = ROOT / "fixtures" / "cases" / "batch-triangle" / "job.log"
HEALTHY = ROOT / "fixtures" / "healthy" / "bf16-zero2" / "job.log"


def test_a_text_with_a_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that lie where the test run is, or on its path, are not loaded in place of ours."""
    for name in ("json.py", "click.py", "resource.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('hijacked')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    said = verdict_on({"stderr call": LOG.read_text(), "stdout call": ""}, [], None, 60)
    assert said.startswith("DSC001  The batch sizes do not multiply out")
    assert "ranks 0-1 · stderr-call.log:26" in said


def test_of_texts_only_a_cause_is_told() -> None:
    assert verdict_on({"stdout call": HEALTHY.read_text()}, [], None, 60) == ""


def test_of_several_logs_with_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "ds_config.json"
    config.write_text('{"train_batch_size": 32, "train_micro_batch_size_per_gpu": 4}\n')
    logs = [tmp_path / "gone.log", LOG.parent]
    first, second, *_ = verdict_on({"unread": "x"}, logs, config, 60).splitlines()
    assert (first, second.split()[0]) == (f"no log at {tmp_path}/gone.log", "DSC001")


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    assert verdict_on({}, [tmp_path / "job.log"], None, 60) == f"no log at {tmp_path}/job.log"
    assert "no log among 0 files" in verdict_on({}, [tmp_path], None, 60)


def test_a_log_that_never_ends(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "job.log")
    started = time.monotonic()
    assert verdict_on({}, [tmp_path / "job.log"], None, 1) == "gave up on the logs after 1 s"
    assert time.monotonic() - started < 10


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_apart, "MEMORY", 30 * 1024**2)
    assert "DSC001" not in verdict_on({}, [LOG], None, 60)


def test_what_is_said_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To whole lines."""
    monkeypatch.setattr(explain_apart, "MOST_TEXT", 20)
    said = tmp_path / "said"
    said.write_text("\n1234567\n1234567\n1234567\n")
    assert explain_apart._beginning(said) == "1234567\n1234567\n…"
    said.write_text("\n1234567\n")
    assert explain_apart._beginning(said) == "1234567"
