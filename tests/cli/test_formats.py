"""``--format``, ``--output-file``, ``--overwrite``: many reports at once, written safely."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dsdoctor.cli import report_files
from dsdoctor.cli.formats import NAMES, SUMMARY
from dsdoctor.cli.main import main
from dsdoctor.cli.report_files import append, write_report
from dsdoctor.errors import UsageError
from tests.unit.report.consumers import READERS, read_github, read_markdown

CONFIG = '{"train_batch_size": 32, "train_micro_batch_size_per_gpu": 4, "bogus_key": 1}'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a folder with a configuration that lint complains of."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", SUMMARY):
        monkeypatch.delenv(name, raising=False)
    Path("ds.json").write_text(CONFIG)


def lint(*options: str) -> int:
    return main(["lint", "ds.json", *options])


def names() -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in Path().iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_each_format_on_standard_output(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--format", name) == 1
    READERS[name](capsys.readouterr().out)


@pytest.mark.parametrize("name", NAMES)
def test_each_format_in_a_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output keeps the text for people."""
    assert lint("--format", f"{name}:report") == 1
    READERS[name](Path("report").read_text())
    assert "bogus_key" in capsys.readouterr().out


def test_several_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["--format", "json:a.json", "--format", "junit:a.xml", "--format", "markdown"]
    assert lint(*wanted) == 1
    read_markdown(capsys.readouterr().out)
    READERS["json"](Path("a.json").read_text())
    READERS["junit"](Path("a.xml").read_text())


def test_output_file_takes_the_place_of_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert lint("--output-file", "a.txt") == 1
    assert lint("--format", "sarif", "--output-file", "a.sarif") == 1
    assert capsys.readouterr().out == ""
    assert "bogus_key" in Path("a.txt").read_text()
    READERS["sarif"](Path("a.sarif").read_text())


def test_explain_and_preflight_have_it_too() -> None:
    Path("job.log").write_text("step 1 loss 1.0\n")
    assert main(["explain", "job.log", "--format", "json:e.json"]) == 0
    assert json.loads(Path("e.json").read_text())["command"] == "explain"
    preflight = ["preflight", "--only", "memory", "--fail-on", "never", "--format", "json:p.json"]
    assert main(preflight) == 0
    assert json.loads(Path("p.json").read_text())["command"] == "preflight"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "yaml"], "no such format: 'yaml'"),
        (["--format", ""], "no such format: ''"),
        (["--format", "json:"], "names no file"),
        (["--format", "json", "--format", "junit"], "json and junit cannot both go to one place"),
        (["--format", "json:a", "--format", "junit:a"], "cannot share one file"),
        (["--format", "json:a", "--output-file", "a"], "cannot share one file"),
        (["--format", "json:none/a"], "none: there is no such folder"),
        (["--format", "json:ds.json"], "ds.json: the file exists and is left alone"),
        (["--output-file", "ds.json"], "add --overwrite"),
        (["--output-file", ".", "--overwrite"], "only a plain file is overwritten"),
    ],
)
def test_what_is_refused(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the work begins, with one error, and nothing is printed or written."""
    assert lint(*options) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert Path("ds.json").read_text() == CONFIG
    assert names() == ["ds.json"]


def test_overwrite_replaces(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.json").write_text("old")
    assert lint("--format", "json:a.json", "--overwrite") == 1
    assert json.loads(Path("a.json").read_text())["command"] == "lint"
    assert capsys.readouterr().err == ""


def test_one_file_that_fails_does_not_keep_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as a disk that fills up while the machines are looked at."""
    real = report_files._write

    def full(handle: int, text: str) -> None:
        real(handle, text)
        if text.startswith("<?xml"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(report_files, "_write", full)
    assert lint("--format", "junit:a.xml", "--format", "json:a.json") == 2
    out, err = capsys.readouterr()
    assert "a.xml: cannot be written: No space left on device" in err
    assert "bogus_key" in out
    assert names() == ["a.json", "ds.json"]


def test_the_job_summary_is_added_to_what_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("summary").write_text("before\n")
    monkeypatch.setenv(SUMMARY, "summary")
    assert lint("--format", "github") == 1
    read_github(capsys.readouterr().out)
    before, _, added = Path("summary").read_text().partition("\n")
    assert before == "before"
    read_markdown(added)
    assert lint("--format", "json") == 1
    assert Path("summary").read_text().count("###") == 1


def test_the_job_summary_is_not_written_through_a_link(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("victim").write_text("kept")
    Path("summary").symlink_to("victim")
    monkeypatch.setenv(SUMMARY, "summary")
    assert lint("--format", "github") == 2
    assert "summary: cannot be written" in capsys.readouterr().err
    assert Path("victim").read_text() == "kept"


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("target", ["victim", "nowhere"])
def test_a_link_is_refused(target: str, overwrite: bool) -> None:
    Path("victim").write_text("kept")
    Path("report").symlink_to(target)
    with pytest.raises(UsageError):
        write_report(Path("report"), "new", overwrite=overwrite)
    assert names() == ["ds.json", "report", "victim"]
    assert Path("victim").read_text() == "kept"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_link_that_comes_late_is_not_followed(
    overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts it there between the look and the writing."""
    Path("victim").write_text("kept")
    real = report_files.refuse_if_taken

    def looked(path: Path, *, overwrite: bool) -> None:
        real(path, overwrite=overwrite)
        path.symlink_to("victim")

    monkeypatch.setattr(report_files, "refuse_if_taken", looked)
    if overwrite:
        write_report(Path("report"), "new", overwrite=True)
        assert Path("report").read_text() == "new"
        assert not Path("report").is_symlink()
    else:
        with pytest.raises(UsageError, match="left alone"):
            write_report(Path("report"), "new", overwrite=False)
    assert Path("victim").read_text() == "kept"


def test_without_hard_links_a_file_is_still_never_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(report_files.os, "link", refused)
    write_report(Path("a"), "new", overwrite=False)
    assert Path("a").read_text() == "new"
    monkeypatch.setattr(report_files, "refuse_if_taken", lambda *_, **__: None)
    with pytest.raises(UsageError, match="left alone"):
        write_report(Path("a"), "newer", overwrite=False)
    assert Path("a").read_text() == "new"
    assert names() == ["a", "ds.json"]


def test_reports_have_the_permissions_of_other_new_files() -> None:
    Path("usual").write_text("")
    write_report(Path("a"), "new", overwrite=False)
    append(Path("b"), "new")
    modes = {stat.S_IMODE(Path(name).stat().st_mode) for name in ("usual", "a", "b")}
    assert len(modes) == 1


def test_half_a_character_in_a_configuration_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """JSON can hold what no encoding can."""
    Path("ds.json").write_text('{"a\\ud800b": 1}')
    assert lint() == 1
    assert "a\\ud800b" in capsys.readouterr().out
