"""The template for GitLab CI: its script, run in the shells that its runner uses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.ci.documentation import assert_printed, block
from tests.ci.programs import ASKED, DSDOCTOR, LOG, asked, programs
from tests.conftest import ROOT

TEMPLATE: dict[str, Any] = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text())
JOB: dict[str, Any] = TEMPLATE[".dsdoctor"]
BASH = ("bash", "-eo", "pipefail", "-c")
SH = ("sh", "-e", "-c")


def after(
    folder: Path, env: Mapping[str, str], shell: tuple[str, ...] = SH, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the after_script in ``folder``."""
    return subprocess.run(
        [*shell, "\n".join(JOB["after_script"])],
        cwd=folder,
        env={**env, **JOB["variables"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a b"
    folder.mkdir()
    shutil.copy(LOG, folder)
    return folder


def test_the_reports_that_gitlab_collects(project: Path, tmp_path: Path) -> None:
    env = programs(tmp_path / "bin", {"dsdoctor": DSDOCTOR})
    done = after(project, env, BASH)
    assert (done.returncode, done.stderr) == (0, "")
    assert_printed("gitlab-prints", done.stdout)
    reports = JOB["artifacts"]["reports"]
    first = json.loads((project / reports["codequality"]).read_text())[0]
    assert (first["check_name"][:6], first["severity"]) == ("DSC001", "critical")
    assert first["location"] == {"path": "job.log", "lines": {"begin": 26}}
    assert JUnitXml.fromfile(str(project / reports["junit"])).failures == 1
    (kept,) = JOB["artifacts"]["paths"]
    assert {path.name for path in (project / kept).iterdir()} == {
        "codequality.json",
        "junit.xml",
        "report.md",
    }


def test_the_job_of_the_page() -> None:
    job = yaml.safe_load(block("gitlab-job"))["train"]
    assert job["extends"] in TEMPLATE
    assert set(job["variables"]) <= set(JOB["variables"])


@pytest.mark.parametrize("shell", [SH, BASH])
def test_names_are_not_run(shell: tuple[str, ...], project: Path, tmp_path: Path) -> None:
    env = programs(tmp_path / "bin", {"dsdoctor": ASKED})
    logs, config = "-r/*.log $(touch pwned)", "a `touch pwned` b.json"
    done = after(project, env, shell, DSDOCTOR_LOGS=logs, DSDOCTOR_CONFIG=config)
    assert done.returncode == 0, done.stderr
    assert asked(env)[-4:] == ["--config", config, "--", logs]
    assert not list(tmp_path.rglob("pwned"))


def test_an_error_of_dsdoctor_is_told_and_no_more(project: Path, tmp_path: Path) -> None:
    env = programs(tmp_path / "bin", {"dsdoctor": "#!/bin/sh\necho no such file >&2; exit 2\n"})
    done = after(project, env)
    assert (done.returncode, done.stderr) == (0, "no such file\n")


def test_an_image_without_dsdoctor(project: Path, tmp_path: Path) -> None:
    env = {**programs(tmp_path / "bin", {}), "PATH": str(tmp_path / "bin")}
    for name in ("mkdir", "mktemp", "sh"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "")
    done = after(project, env)
    assert done.returncode == 0
    assert "DSDOCTOR_INSTALL says what to install" in done.stdout


def test_what_is_installed(project: Path, tmp_path: Path) -> None:
    """By a Python that only notes what it is asked: no network here."""
    python = (
        '#!/bin/sh\nmkdir "$3/bin"\nfor name in pip dsdoctor; do cp "$TOOL" "$3/bin/$name"; done\n'
    )
    env = programs(tmp_path / "bin", {"python3": python, "tool": ASKED})
    env["TOOL"] = str(tmp_path / "bin" / "tool")
    done = after(project, env, DSDOCTOR_INSTALL="dsdoctor==0.1.0; touch pwned")
    assert done.returncode == 0, done.stderr
    options = ["install", "--quiet", "--disable-pip-version-check"]
    assert asked(env)[:5] == [*options, "dsdoctor==0.1.0; touch pwned", "explain"]
