"""Hostile lines of a log, through ``dsdoctor explain``, in every format and on a terminal."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dsdoctor.cli.formats import NAMES, SUMMARY
from dsdoctor.cli.main import main
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.report.lines import print_styled
from dsdoctor.report.people import laid_out
from tests.conftest import ROOT
from tests.unit.report.consumers import READERS, seen
from tests.unit.report.hostile import HOSTILE

LONG = bool(os.environ.get("DSDOCTOR_LONG"))
KINDS = list(HOSTILE)[:: 1 if LONG else 3]
"""Of most kinds each renderer is asked in tests/unit/report; here the way from the log counts."""
MARK = "Zebra417"
LONG_LINE = 100 << 20
MAX_MEMORY = 300 << 20


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Pack, matcher: Matcher) -> None:
    """An empty folder; and rules that are read once for all these runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", SUMMARY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("dsdoctor.cli.explain.load_pack", lambda **_: pack)
    monkeypatch.setattr("dsdoctor.diagnosis.material.Matcher", lambda _: matcher)


def write_log(text: str) -> Path:
    """A traceback with ``text`` in every part of it, and in the line of a launcher."""
    raw = text.encode("utf-8", "surrogatepass")
    lines = [
        b"[rank0]: Traceback (most recent call last):",
        b'[rank0]:   File "/home/user/' + raw + b'.py", line 3, in ' + raw,
        b"[rank0]:     " + raw,
        b"[rank0]: RuntimeError: " + MARK.encode() + b" " + raw,
        b"[ERROR] [launch.py:325:sigkill_handler] ['" + raw + b"'] exits with return code = 1",
        raw,
    ]
    path = Path("job.log")
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_log_in_every_format(kind: str) -> None:
    """It does nothing, the consumers read it, and the message is still there for people."""
    path = write_log(HOSTILE[kind])
    files = [word for name in NAMES for word in ("--format", f"{name}:{name}.out")]
    assert main(["explain", str(path), "--fail-on", "never", *files]) == 0
    for name in NAMES:
        out = Path(f"{name}.out").read_bytes().decode("utf-8")
        READERS[name](out)
        assert MARK in out or kind == "many lines", name


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_log_on_a_terminal(
    kind: str, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    report = explain(read_material([write_log(HOSTILE[kind])], pack), pack, 0.0)
    print_styled(laid_out(report, verbose=True), stream)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    seen(shown)
    assert MARK in shown or kind == "many lines"  # more than is kept of a message


@pytest.mark.skipif(not LONG, reason="a minute on a busy machine: DSDOCTOR_LONG=1")
def test_a_line_of_100_megabytes() -> None:
    """In every format, in bounded memory, with the error around it found."""
    path = write_log("x")
    with path.open("ab") as log:
        for _ in range(LONG_LINE >> 20):
            log.write(b"<b>::error::[x](http://evil.example) " * 28_339)
        log.write(b"\n")
    files = [word for name in NAMES for word in ("--format", f"{name}:{name}.out")]
    command = [sys.executable, "-m", "dsdoctor", "explain", "job.log", *files]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1
    assert used.ru_maxrss * 1024 < MAX_MEMORY
    for name in NAMES:
        out = Path(f"{name}.out").read_text("utf-8")
        READERS[name](out)
        assert MARK in out
        assert len(out) < 1 << 20
