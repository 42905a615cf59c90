"""action.yml, its steps run as GitHub's runner runs them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.ci.documentation import assert_printed
from tests.ci.runner import ACTION, Ended, Runner, commands_of
from tests.conftest import ROOT
from tests.unit.report.hostile import HOSTILE

LOG = ROOT / "fixtures" / "cases" / "batch-triangle" / "job.log"
SECRET = "hf_" + "aB3dE5gH7jK9mN1pQ4sT" + "uV6xY8zW2cF0rL"
REAL = f"""#!/bin/sh
PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m dsdoctor "$@"
"""
STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then exit; fi
printf '%s\\n' "$@" "summary=$GITHUB_STEP_SUMMARY" >"$ASKED"
for option; do case $option in
  json:*) echo '{"verdict": {"status": "diagnosed", "root": null}}' >"${option#*:}" ;;
  text:*) echo the verdict >"${option#*:}" ;;
esac; done
printf "$SAYS" >&2
exit "$ENDS"
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A job with one log in its workspace, and a stand-in for dsdoctor."""
    found = Runner(tmp_path, {"ASKED": str(tmp_path / "asked"), "SAYS": "", "ENDS": "0"})
    found.workspace.mkdir()
    shutil.copy(LOG, found.workspace)
    for name, script in {"real": REAL, "stand-in": STAND_IN}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    return found


def ask(runner: Runner, **inputs: str) -> tuple[Ended, list[str]]:
    """Run with the stand-in; gives its arguments too."""
    given = {"logs": "job.log", "dsdoctor": str(runner.folder / "stand-in"), **inputs}
    ended = runner.run(**given)
    asked = runner.folder / "asked"
    return ended, asked.read_text().splitlines() if asked.exists() else []


def test_no_expression_stands_in_a_script() -> None:
    """What the runner fills in there is code."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "${{" not in step.get("name", "")


def test_a_job_that_died(runner: Runner) -> None:
    """With a log that is hostile, under a name that is."""
    name = "$(touch pwned) `touch pwned`;touch pwned '\"::add-mask::x.log"
    evidence = "world_size 32 != 4 * 1 * 2"
    text = LOG.read_text().replace(evidence, f"{evidence} HF_TOKEN={SECRET}")
    log = "\n".join([text, *HOSTILE.values()])
    (runner.workspace / name).write_text(log, encoding="utf-8", errors="replace")
    config = runner.workspace / "ds_config.json"
    config.write_text('{"train_batch_size": 32, "train_micro_batch_size_per_gpu": 4}')
    ended = runner.run(
        logs=f"\n  {name}  \n\n",
        config="ds_config.json",
        formats="markdown, sarif\njunit",
        dsdoctor=str(runner.folder / "real"),
    )
    assert ended.code == 0, ended.screen
    assert not list(runner.folder.rglob("pwned"))
    folder = Path(ended.outputs["report-folder"])
    assert SECRET not in ended.screen + ended.summary
    assert not any(SECRET in path.read_text() for path in folder.iterdir())
    assert ended.outputs == {
        "verdict": "diagnosed",
        "code": "DSC001",
        "confidence": "certain",
        "report-folder": str(folder),
        "markdown": f"{folder}/dsdoctor.md",
        "sarif": f"{folder}/dsdoctor.sarif",
        "json": f"{folder}/dsdoctor.json",
    }
    assert {path.name for path in folder.iterdir()} == {
        f"dsdoctor.{ending}" for ending in ("json", "txt", "md", "sarif", "xml")
    }
    assert json.loads((folder / "dsdoctor.json").read_text())["verdict"]["root"]["code"] == "DSC001"
    assert ended.summary == (folder / "dsdoctor.md").read_text()
    assert "The batch sizes do not multiply out" in ended.summary
    assert "DSC001  The batch sizes do not multiply out" in ended.screen
    levels = {command.split()[0].lstrip(":") for command in commands_of(ended.screen)}
    assert levels <= {"error", "warning", "notice"}
    assert any("title=DSC001" in command for command in commands_of(ended.screen))


def test_what_dsdoctor_is_asked(runner: Runner) -> None:
    (runner.workspace / "runs" / "a" / "b").mkdir(parents=True)
    (runner.workspace / "runs" / "a" / "b" / "1.log").touch()
    (runner.workspace / "-v").touch()
    ended, asked = ask(
        runner, logs="job.log\r\nruns/**/*.log\n-v\nruns", report_folder="out", fail_on="error"
    )
    assert ended.code == 0, ended.screen
    out = str(runner.workspace / "out")
    assert asked[:-1] == [
        *("explain", "--overwrite", "--redact", "--format", "github"),
        *("--format", f"json:{out}/dsdoctor.json"),
        *("--format", f"text:{out}/dsdoctor.txt", "--format", f"markdown:{out}/dsdoctor.md"),
        *("--fail-on", "error", "--", "job.log", "runs/**/*.log", "./-v", "runs"),
    ]
    assert asked[-1] != "summary="
    assert (ended.outputs["report-folder"], ended.outputs["markdown"]) == (out, "")


def test_without_a_summary(runner: Runner) -> None:
    _, asked = ask(runner, summary="false")
    assert asked[-1] == "summary="


def test_the_step_fails_where_that_was_asked(runner: Runner) -> None:
    """And the outputs are there all the same."""
    runner.env["ENDS"] = "1"
    ended, _ = ask(runner, fail_on="warning")
    assert (ended.code, ended.outputs["verdict"]) == (1, "diagnosed")


@pytest.mark.parametrize(
    ("what", "code", "level"), [("warn", 0, "warning"), ("error", 2, "error"), ("ignore", 0, "")]
)
def test_no_log(what: str, code: int, level: str, runner: Runner) -> None:
    """A job can die before it writes one."""
    ended, asked = ask(runner, logs="logs/job.log\nlogs/*.out", if_no_log=what)
    assert (ended.code, asked) == (code, [])
    told = f"::{level} title=dsdoctor::no log at: logs/job.log logs/*.out"
    assert commands_of(ended.screen) == ([told] if level else [])
    assert ended.outputs["verdict"] == ("" if code else "no-log")


def test_one_log_of_two(runner: Runner) -> None:
    ended, asked = ask(runner, logs="gone.log\njob.log")
    assert commands_of(ended.screen) == ["::warning title=dsdoctor::no log at: gone.log"]
    assert asked[-3:-1] == ["--", "job.log"]
    assert ended.outputs["verdict"] == "diagnosed"


def test_a_folder_without_logs(runner: Runner) -> None:
    (runner.workspace / "empty").mkdir()
    ended, _ = ask(runner, logs="empty", dsdoctor=str(runner.folder / "real"))
    assert (ended.code, ended.outputs["verdict"]) == (0, "no-log")
    assert "::warning title=dsdoctor::dsdoctor: error: empty: no log among 0 files" in ended.screen


def test_an_error_is_one_annotation(runner: Runner) -> None:
    """Whatever stands in it."""
    runner.env |= {"ENDS": "2", "SAYS": "50%% of x\\r\\n::add-mask::e\\n##[add-mask]e"}
    ended, _ = ask(runner)
    assert ended.code == 2
    (told,) = commands_of(ended.screen)
    assert told == "::error title=dsdoctor::50%25 of x%0D%0A::add-mask::e%0A##[add-mask]e"


@pytest.mark.parametrize(
    "inputs",
    [
        {"logs": " \n\n"},
        {"formats": "../../x"},
        {"formats": "json:/etc/x"},
        {"if_no_log": "sometimes"},
        {"summary": "yes"},
        {"redact": ""},
        {"report_folder": "a\ncode=x"},
        {"dsdoctor": "", "install": "--index-url=http://evil.example/"},
    ],
)
def test_inputs_that_are_refused(inputs: dict[str, str], runner: Runner) -> None:
    ended, asked = ask(runner, **inputs)
    assert (ended.code, asked) == (2, [])
    (told,) = commands_of(ended.screen)
    assert told.startswith("::error title=dsdoctor::")
    assert not any(ended.outputs.values())


def test_formats_are_names_and_not_patterns(runner: Runner) -> None:
    (runner.workspace / "html").touch()
    ended, _ = ask(runner, formats="*")
    assert "no such format: *" in ended.screen


@pytest.mark.parametrize("install", ["", "dsdoctor==0.1.0; touch pwned $(touch pwned)"])
def test_what_is_installed(install: str, runner: Runner) -> None:
    """A Python that only notes what it is asked: no network here."""
    runner.env["NOTES"] = str(runner.folder / "notes")
    python = runner.folder / "python"
    python.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" >>"$NOTES"\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
        f'cp {shlex.quote(str(runner.folder / "stand-in"))} "${{0%/*}}/dsdoctor"\n'
    )
    python.chmod(0o755)
    ended, _ = ask(runner, dsdoctor="", install=install, python=str(python), logs="gone")
    assert ended.code == 0, ended.screen
    notes = Path(runner.env["NOTES"]).read_text().splitlines()
    place = Path(notes[2])
    assert notes[:2] == ["-m", "venv"]
    assert place.parent.parent == runner.folder / "temp"
    head = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    assert notes[3:9] == [*head, install or str(ROOT)]
    assert not list(runner.folder.rglob("pwned"))


@pytest.mark.skipif(os.environ.get("DSDOCTOR_LONG") != "1", reason="installs from a package index")
def test_installed_from_its_own_sources(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    runner.workspace.mkdir()
    shutil.copy(LOG, runner.workspace)
    ended = runner.run(logs="job.log", python=sys.executable, fail_on="error")
    assert (ended.code, ended.outputs["code"]) == (1, "DSC001"), ended.screen
    assert_printed("github-prints", ended.screen)
