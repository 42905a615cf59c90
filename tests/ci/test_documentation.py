"""docs/ci.md: what it says to paste works, and prints what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from tests.ci.documentation import PAGE, assert_printed, block
from tests.ci.programs import DIES, DSDOCTOR, LOG, programs
from tests.ci.runner import ACTION
from tests.conftest import ROOT


@pytest.mark.parametrize("shell", [("sh", "-xec"), ("bash", "-eo", "pipefail", "-c")])
@pytest.mark.parametrize("well", [False, True])
def test_the_line_for_any_ci(shell: tuple[str, ...], well: bool, tmp_path: Path) -> None:
    """Jenkins runs sh -xe, Buildkite bash -e; and where dsdoctor is missing, nothing changes."""
    given = {"deepspeed": "#!/bin/sh\necho done\n" if well else DIES}
    given |= {"dsdoctor": DSDOCTOR} if shell[0] == "sh" else {}
    env = programs(tmp_path / "bin", given)
    work = tmp_path / "a b"
    work.mkdir()
    argv = [*shell, block("any-ci")]
    done = subprocess.run(argv, cwd=work, env=env, capture_output=True, text=True, timeout=60)
    if well:
        assert (done.returncode, done.stdout) == (0, "done\n")
        assert [path.name for path in work.iterdir()] == ["job.log"]
        return
    assert done.returncode == 1
    assert (work / "job.log").read_text() == LOG.read_text()
    if "dsdoctor" in given:
        assert_printed("any-ci-prints", done.stdout)
        assert JUnitXml.fromfile(str(work / "dsdoctor.xml")).failures == 1
        assert (work / "dsdoctor.md").stat().st_size
    else:
        assert done.stdout == LOG.read_text()


def test_the_workflow_uses_what_the_action_has() -> None:
    job = yaml.safe_load(block("github-workflow"))["jobs"]["train"]
    (step,) = (step for step in job["steps"] if "/dsdoctor@" in step.get("uses", ""))
    assert set(step["with"]) <= set(ACTION["inputs"])
    used = set(re.findall(r"steps\.dsdoctor\.outputs\.([\w-]+)", block("github-workflow")))
    assert used
    assert used <= set(ACTION["outputs"])


def test_every_input_and_output_is_told() -> None:
    section = PAGE.read_text().partition("## GitHub Actions")[2].partition("\n## ")[0]
    rows = " ".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([\w-]+)`", rows)) == {*ACTION["inputs"], *ACTION["outputs"]}


def test_the_files_that_it_names_are_there() -> None:
    for name in re.findall(r"`(docs/ci/[^`]+|action\.yml)`", PAGE.read_text()):
        assert (ROOT / name).is_file(), name
    named = PAGE.read_text()
    assert all(f"docs/ci/{path.name}" in named for path in (ROOT / "docs" / "ci").iterdir())
