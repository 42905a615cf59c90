"""Where reports must not go: pipes, folders, links, and what the command itself needs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsdoctor.cli import report_files
from dsdoctor.cli.formats import SUMMARY
from dsdoctor.cli.main import main
from dsdoctor.cli.report_files import append, write_report
from dsdoctor.errors import UsageError

LOG = "Traceback (most recent call last):\nRuntimeError: boom\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a log; and nothing may wait for a pipe's other end."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", SUMMARY):
        monkeypatch.delenv(name, raising=False)
    Path("job.log").write_text(LOG)
    signal.alarm(60)
    yield
    signal.alarm(0)


def plant(kind: str) -> None:
    """Put something at ``report``; ``victim`` is what must not change."""
    Path("victim").write_text("kept")
    if kind == "pipe":
        os.mkfifo("report")
    elif kind == "folder":
        Path("report").mkdir()
    elif kind == "device":
        Path("report").symlink_to("/dev/full")
    elif kind == "link":
        Path("report").symlink_to("victim")
    elif kind == "link to itself":
        Path("report").symlink_to("report")
    elif kind == "hard link":
        os.link("victim", "report")
    else:
        Path("report").write_text("kept")


KINDS = ["pipe", "folder", "device", "link", "link to itself", "hard link", "file"]


@pytest.mark.parametrize("kind", KINDS)
def test_without_overwrite_nothing_is_touched(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(kind)
    before = Path("report").lstat()
    assert main(["explain", "job.log", "--format", "json:report"]) == 2
    assert capsys.readouterr().err.count("dsdoctor: error: report: ") == 1
    assert (Path("report").lstat().st_ino, Path("victim").read_text()) == (before.st_ino, "kept")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("file", "hard link")])
def test_only_a_plain_file_is_overwritten(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    plant(kind)
    assert main(["explain", "job.log", "--format", "json:report", "--overwrite"]) == 2
    assert "only a plain file is overwritten" in capsys.readouterr().err
    assert Path("victim").read_text() == "kept"


def test_overwriting_a_hard_link_leaves_its_other_name_alone() -> None:
    plant("hard link")
    assert main(["explain", "job.log", "--format", "json:report", "--overwrite"]) == 1
    assert Path("victim").read_text() == "kept"
    assert "boom" in Path("report").read_text()


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "hard link", "file"])
def test_what_comes_between_the_look_and_the_writing(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "refuse_if_taken", lambda *_, **__: plant(kind))
    with pytest.raises(UsageError, match="left alone"):
        write_report(Path("report"), "new", overwrite=False)
    assert Path("victim").read_text() == "kept"
    assert not list(Path().glob(".dsdoctor-*"))


@pytest.mark.parametrize(
    "target", ["/dev/full", "/dev/null/x", "none/x", "x" * 300, "/proc/self/none"]
)
def test_what_cannot_be_written_is_one_clear_error(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "job.log", "--format", f"junit:{target}"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("dsdoctor: error: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("report", ["job.log", "./job.log", "../{}/job.log", "same", "again"])
@pytest.mark.parametrize("log", ["job.log", "*.log", "."])
def test_a_report_never_takes_the_place_of_the_log(
    log: str, report: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("again").symlink_to(".")
    os.link("job.log", "same")
    target = {"again": "again/job.log"}.get(report, report.format(tmp_path.name))
    if (log, report) == (".", "same"):
        target = "job.log"  # another name that no folder's search would read
    assert main(["explain", log, "--format", f"json:{target}", "--overwrite"]) == 2
    assert "the command itself needs this file" in capsys.readouterr().err
    assert Path("job.log").read_text() == LOG


def test_nor_of_a_configuration_or_a_fixed_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ds.json").write_text("{}")
    for options in (["--output-file", "ds.json"], ["--format", "json:new.json"]):
        command = ["lint", "ds.json", "--fix", "-o", "new.json", "--overwrite", *options]
        assert main(command) == 2
        assert "the command itself needs this file" in capsys.readouterr().err
    assert Path("ds.json").read_text() == "{}"
    assert not Path("new.json").exists()


def test_an_old_report_beside_the_log_may_be_replaced() -> None:
    Path("report.json").write_text("old")
    command = ["explain", ".", "--format", "json:report.json", "--overwrite"]
    assert main(command) == main(command) == 1
    assert "boom" in Path("report.json").read_text()


def test_two_reports_in_one_file_by_two_names(capsys: pytest.CaptureFixture[str]) -> None:
    Path("again").symlink_to(".")
    files = ["--format", "json:a", "--format", "junit:again/a"]
    assert main(["explain", "job.log", *files]) == 2
    assert "cannot share one file" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link", "hard link"])
def test_the_job_summary_goes_into_nothing_odd(kind: str) -> None:
    plant(kind)
    with pytest.raises(UsageError):
        append(Path("report"), "new")
    assert Path("victim").read_text() == "kept"


def test_a_full_disk_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="No space left"):
        append(Path("/dev/full"), "new")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [("preflight",), ("explain", "job.log")])
def test_a_report_does_not_take_the_place_of_the_host_file(
    command: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = tmp_path / "hosts"
    hosts.write_text("node-1 slots=8\n")
    written = ("--format", f"json:{hosts}", "--overwrite")
    assert main([*command, "--hostfile", str(hosts), *written]) == 2
    assert hosts.read_text() == "node-1 slots=8\n"
    assert "the command itself needs this file" in capsys.readouterr().err
