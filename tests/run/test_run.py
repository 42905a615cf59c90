"""What ``dsdoctor run`` adds: a folder, settings, a verdict; and what keeps it from starting."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from tests.run.stage import JOB, Actor, Seen, on_pipes, on_terminal, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
LONG = os.environ.get("DSDOCTOR_LONG") == "1"
DSDOCTOR = (sys.executable, "-m", "dsdoctor", "run")


def code(seen: Seen) -> int:
    return os.waitstatus_to_exitcode(seen.status)


def test_a_good_job_leaves_a_folder_and_no_word(tmp_path: Path) -> None:
    seen = on_pipes((*DSDOCTOR, "--", *JOB, "both", "2"), cwd=tmp_path)
    assert (code(seen), seen.out, seen.err) == (0, b"out 0\nout 1\n", b"err 0\nerr 1\n")
    (folder,) = (tmp_path / "dsdoctor-runs").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    log = (folder / "job.log").read_text()
    assert sorted(log.splitlines()) == ["err 0", "err 1", "out 0", "out 1"]
    start = json.loads((folder / "run.json").read_text())
    assert start["command"].endswith("fake_job.py both 2")
    assert start["set_by_dsdoctor"]["NCCL_DEBUG_FILE"].startswith(str(folder))


def test_a_failed_job_gets_its_verdict_below_its_output(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    argv = (*run(tmp_path / "run", "--format", f"json:{report}"), *JOB, "fail")
    seen = on_pipes(argv)
    assert (code(seen), seen.out) == (1, b"")
    own, _, ours = seen.err.decode().partition("\ndsdoctor: the job failed, exit code 1; see ")
    assert own.endswith("64 != 1 * 8 * 2\n")
    assert "DSC001" in ours
    assert "\x1b[" not in ours
    assert json.loads(report.read_text())["verdict"]["root"]["code"] == "DSC001"
    facts = json.loads((tmp_path / "run/inventory.json").read_text())
    assert facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_death_without_words_is_no_success(tmp_path: Path) -> None:
    """On a terminal, where the verdict has colours."""
    seen = on_terminal((*run(tmp_path / "run"), *JOB, "ends", "SIGKILL"), TERM="xterm", NO_COLOR="")
    assert os.WTERMSIG(seen.status) == signal.SIGKILL
    text = seen.out.decode(errors="replace")
    assert "No cause found: ended by SIGKILL, and the log does not say why." in text
    assert "\x1b[1m" in text


TROUBLES = ["os.abort()", "raise ValueError('x')", "sys.exit(0)"]


@pytest.mark.parametrize("trouble", TROUBLES if LONG else TROUBLES[:1])
def test_a_doctor_that_fails_changes_nothing(tmp_path: Path, trouble: str) -> None:
    program = (
        "import os, sys, dsdoctor.cli.explain as module\n"
        f"def examine(*_):\n    {trouble}\n"
        "module.examine = examine\n"
        "from dsdoctor.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    argv = (sys.executable, "-c", program, *run(tmp_path / "run")[3:], *JOB, "ends", "7")
    assert code(on_pipes(argv)) == 7


def test_what_the_user_set_stays(tmp_path: Path) -> None:
    own = {"NCCL_DEBUG": "INFO", "TORCH_FR_BUFFER_SIZE": "7", "PYTHONFAULTHANDLER": ""}
    names = (*own, "NCCL_DEBUG_FILE", "TORCH_NCCL_TRACE_BUFFER_SIZE", "TORCH_NCCL_DUMP_ON_TIMEOUT")
    seen = on_pipes((*run(tmp_path / "run"), *JOB, "variables", *names), **own)
    assert seen.out.decode().splitlines() == [
        "NCCL_DEBUG=INFO", "TORCH_FR_BUFFER_SIZE=7", "PYTHONFAULTHANDLER=",
        "NCCL_DEBUG_FILE=None", "TORCH_NCCL_TRACE_BUFFER_SIZE=None", "TORCH_NCCL_DUMP_ON_TIMEOUT=1",
    ]  # fmt: skip


def test_a_stall_is_noticed_and_the_job_goes_on(tmp_path: Path) -> None:
    """py-spy is whatever the path finds under that name."""
    program = tmp_path / "bin/py-spy"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "Process $3: python train.py"\necho "Python v3.11"\n')
    program.chmod(0o755)
    folder = tmp_path / "run"

    def act(actor: Actor) -> None:
        actor.wait_for(b"the job goes on\n")
        assert os.waitpid(actor.pid, os.WNOHANG) == (0, 0)
        actor.signal(signal.SIGTERM)

    path = f"{program.parent}:{os.environ['PATH']}"
    argv = (*run(folder, "--quiet", "--stall", "1"), *JOB, "hang")
    seen = on_pipes(argv, act, PATH=path, RANK="3")
    assert os.WTERMSIG(seen.status) == signal.SIGTERM
    (line,) = seen.err.decode().splitlines()
    assert line.startswith("dsdoctor: no output and no ")
    assert " activity for 1 s; stacks of 1 process; see " in line
    assert (folder / "py-spy-rank3.txt").read_text().startswith("Process ")
    assert json.loads((folder / "stall-1.json").read_text())["ranks"][0]["rank"] == 3


def test_a_flood_without_a_line_end_needs_little_memory(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    peaks: list[int] = []

    def act(actor: Actor) -> None:
        while sum(map(len, actor.got.values())) < 60 << 20:
            assert actor.read(5)
        peaks.extend(peak_kib(actor.pid))

    seen = on_pipes((*run(folder, "--quiet"), *JOB, "flood", "100"), act)
    assert seen.out == b"x" * (100 << 20)
    assert (folder / "job.log").stat().st_size == 100 << 20
    assert len(peaks) >= 2
    assert max(peaks) < 150 << 10


def peak_kib(group: int) -> list[int]:
    """The highest memory use so far of each process in the group."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(path.name)) == group:
                lines = (path / "status").read_text().splitlines()
                found += [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return found


def test_a_log_that_cannot_be_written_ends_alone(tmp_path: Path) -> None:
    """The disk is full: the job's own output goes on."""
    program = (
        "import os, resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    folder = tmp_path / "run"
    argv = (sys.executable, "-c", program, *run(folder)[1:], *JOB, "flood", "1")
    seen = on_pipes(argv)
    assert (code(seen), len(seen.out)) == (0, 1 << 20)
    assert (folder / "job.log").stat().st_size == 20000
    assert "run/job.log lacks its end" in seen.err.decode()


def refused(got: int, told: pytest.CaptureFixture[str], expected: int, *words: str) -> None:
    """One clear error, and the job did not start."""
    out, err = told.readouterr()
    assert (got, out) == (expected, "")
    assert err.startswith("dsdoctor: error: ")
    assert all(word in err for word in words), err


def test_a_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    job = ["--", "touch", str(tmp_path / "started")]
    for name, why in ((".", "exists already"), ("file", "exists already"), ("file/a", "Not a")):
        got = main(["run", "--dir", str(tmp_path / name), *job])
        refused(got, capfd, 2, "cannot be made", why, str(tmp_path), "--dir")
    monkeypatch.chdir("/proc")
    refused(main(["run", *job]), capfd, 2, "cannot be made", "/proc/dsdoctor-runs", "--dir")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("words", "expected", "part"),
    [
        (["--", "no-such-program-here", "-x"], 127, "'no-such-program-here': command not found"),
        (["--", "/no/such/program"], 127, "command not found"),
        (["--", "/etc/passwd"], 126, "cannot be run: Permission denied"),
        (["--", "/proc"], 126, "cannot be run"),
        (["--"], 2, "no command to run"),
        ([], 2, "no command to run"),
    ],
)
def test_a_command_that_cannot_be_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str], expected: int, part: str
) -> None:
    refused(main(["run", "--dir", str(tmp_path / "run"), *words]), capfd, expected, part)
    assert not (tmp_path / "run").exists()


def test_the_two_dashes_may_be_missing(tmp_path: Path) -> None:
    """From the first word on that is no option, all belongs to the job."""
    seen = on_pipes((*run(tmp_path / "run")[:-1], *JOB, "variables", "--dir"))
    assert (code(seen), seen.out) == (0, b"--dir=None\n")


def test_closed_streams_stay_closed(tmp_path: Path) -> None:
    """None of dsdoctor's own files takes their place, and others are handed through."""
    shell = ("sh", "-c", '"$@" <&- >&- 7>"$0"')
    for number, before in enumerate(((), run(tmp_path / "run", "--quiet"))):
        target = tmp_path / f"out-{number}"
        seen = on_pipes((*shell, str(target), *before, *JOB, "descriptors"))
        assert (seen.status, seen.out, target.read_text()) == (0, b"", "[2, 7]")
