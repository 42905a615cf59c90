"""The command line: output, exit codes, errors."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from dsdoctor.cli.main import main
from tests.conftest import ROOT

TRIANGLE = (
    "[rank1]: Traceback (most recent call last):\n"
    '[rank1]:   File "/home/user/project/train.py", line 8, in <module>\n'
    "[rank1]:     engine, *_ = deepspeed.initialize(model=net, config=cfg)\n"
    "[rank1]: AssertionError: Check batch related parameters. train_batch_size is not equal to "
    "micro_batch_per_gpu * gradient_acc_step * world_size 64 != 1 * 8 * 2\n"
)
SCHEMA = json.loads((ROOT / "dsdoctor" / "report" / "report-1.schema.json").read_text())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a batch triangle that does not close."""
    path = tmp_path / "job.log"
    path.write_text(TRIANGLE)
    return path


def test_text_has_verdict_evidence_why_and_fix(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In that order, in plain text."""
    assert main(["explain", str(log)]) == 1
    out = capsys.readouterr().out
    places = [
        out.index(word) for word in ("DSC001", f"{log}:4", "your code", "why", "fix", "prove")
    ]
    assert places == sorted(places)
    assert "certain" in out.splitlines()[0]
    assert "\x1b" not in out


def test_json_holds_to_its_schema(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(log), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, SCHEMA)
    root = report["verdict"]["root"]
    assert (report["verdict"]["status"], root["code"]) == ("diagnosed", "DSC001")
    assert root["evidence"][0]["line"] == 4
    assert root["ranks"] == [1]
    assert "train.py:8" in root["user_frame"]


def test_json_holds_to_the_schema(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", str(log), "--format", "json"])
    jsonschema.validate(json.loads(capsys.readouterr().out), SCHEMA)


@pytest.mark.parametrize(
    ("level", "code"), [("warning", 1), ("fatal", 1), ("info", 1), ("never", 0)]
)
def test_fail_on(log: Path, level: str, code: int) -> None:
    assert main(["explain", str(log), "--fail-on", level]) == code


def test_a_clean_log_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "job.log"
    path.write_text("step 1 loss 1.0\nstep 2 loss 0.9\n")
    assert main(["explain", str(path)]) == 0
    assert "No failure found" in capsys.readouterr().out


def test_an_empty_log_is_inconclusive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "job.log"
    path.touch()
    assert main(["explain", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["status"] == "inconclusive"


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain"],
        ["explain", "absent.log"],
        ["explain", "--format", "yaml", "x"],
        ["explain", "--rules", "absent", "x"],
        ["nonsense"],
        ["rule", "DSQ999"],
    ],
)
def test_bad_usage_exits_2_with_one_clear_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert captured.err.strip()


def test_a_crash_of_the_doctor_exits_3(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It must never look like a finding."""

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("dsdoctor.cli.explain.explain", crash)
    assert main(["explain", str(log)]) == 3
    assert "internal error" in capsys.readouterr().err


def test_interrupt_exits_130(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dsdoctor.cli.explain.explain", interrupt)
    assert main(["explain", str(log)]) == 130


def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(TRIANGLE.encode())))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["explain", "-"]) == 1
    assert "<stdin>:4" in capsys.readouterr().out


def test_own_rules_are_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A site can teach its own failures."""
    rule = tmp_path / "rules" / "other" / "quota-of-our-cluster.yaml"
    rule.parent.mkdir(parents=True)
    rule.write_text(
        "code: DSX900\nslug: quota-of-our-cluster\ntitle: Our cluster's quota\nseverity: fatal\n"
        "role: cause\nmatch: [{regex: 'QUOTA-417'}]\nmessage: the quota ended\n"
        "why: ask the admins\n"
    )
    path = tmp_path / "job.log"
    path.write_text("QUOTA-417\n")
    assert main(["explain", str(path), "--rules", str(tmp_path / "rules")]) == 1
    assert "DSX900" in capsys.readouterr().out


def test_hostile_text_stays_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal escapes, bidirectional marks and rich markup in a log reach nobody's terminal."""
    evil = "\x1b]0;owned\x07\x1b[2J\u202e[bold red]x[/]\x9b31m"
    path = tmp_path / "job.log"
    path.write_text(TRIANGLE.replace("64 != 1", evil + "64 != 1"))
    for format_ in ("text", "json"):
        main(["explain", str(path), "--format", format_])
        out = capsys.readouterr().out
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(out)


@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_gets_colour_unless_no_color_is_set(log: Path, colour: bool) -> None:
    """Through a real pseudo-terminal."""
    import pty

    leader, follower = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    command = [sys.executable, "-m", "dsdoctor", "explain", str(log)]
    process = subprocess.Popen(command, stdout=follower, env=environment, cwd=ROOT)
    os.close(follower)
    out = b""
    while chunk := _read(leader):
        out += chunk
    os.close(leader)
    assert process.wait() == 1
    assert (b"\x1b[" in out) is colour
    assert b"DSC001" in out


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # the other end of a pseudo-terminal is gone
        return b""


def test_a_reader_that_goes_away_is_no_error(log: Path) -> None:
    """``dsdoctor explain ... | head -1``."""
    command = f"{sys.executable} -m dsdoctor explain {log} --format json | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=ROOT, check=False)  # noqa: S602
    assert done.stderr == b""


def test_explain_starts_light(log: Path) -> None:
    """Nothing heavy is imported to read a log, nor rich without a terminal."""
    script = (
        "import sys; from dsdoctor.cli.main import main; main(['explain', sys.argv[1]]); "
        "heavy = {'torch', 'deepspeed', 'transformers', 'accelerate', 'pynvml', 'rich', 'numpy'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)], capture_output=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
