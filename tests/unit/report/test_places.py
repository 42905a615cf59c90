"""Paths as CI systems want them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.model import Evidence
from dsdoctor.report.places import Place, place_of, project_path
from tests.unit.report.reports import finding


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose folder ``jobs`` is the current one, as GitHub's runner presents it."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "train.py").touch()
    monkeypatch.chdir(tmp_path / "jobs")
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path


def test_paths_are_relative_to_the_project(project: Path) -> None:
    assert project_path("job.log") == "jobs/job.log"
    assert project_path("../ds_config.json") == "ds_config.json"
    assert project_path(str(project / "a" / "b.log")) == "a/b.log"


def test_paths_elsewhere_are_absolute(project: Path) -> None:
    assert project_path("/var/log/job.log") == "/var/log/job.log"
    assert project_path("../../x.log") == str(project.parent / "x.log")


def test_a_workspace_of_somebody_else_does_not_count(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", f"{project}/other")
    assert project_path("job.log") == "job.log"


def test_the_users_own_line_wins_if_it_is_part_of_the_project(project: Path) -> None:
    frame = f"{project}/jobs/train.py:8 in main → deepspeed.initialize()"
    assert place_of(finding(user_frame=frame), "explain") == Place("jobs/train.py", 8)
    frame = "/home/user/train.py:8 in main → deepspeed.initialize()"
    assert place_of(finding(user_frame=frame), "explain") == Place("jobs/job.log", 26)


def test_what_stands_in_no_file_has_the_name_of_its_host() -> None:
    place = place_of(finding(evidence=(), hosts=("node-1",)), "preflight")
    assert place == Place("preflight/node-1", 0, is_file=False)
    assert place_of(finding(evidence=()), "preflight").path == "preflight/job"


def test_evidence_without_a_file_is_passed_over() -> None:
    evidence = (Evidence("", 0, "x"), Evidence("a.json", 0, ""))
    assert place_of(finding(evidence=evidence), "lint") == Place("jobs/a.json", 0)


def test_a_file_wins_over_what_only_has_a_name(project: Path) -> None:
    (project / "jobs" / "ds.json").touch()
    evidence = (Evidence("command line", 0, "--world-size: 2"), Evidence("ds.json", 3, ""))
    assert place_of(finding(evidence=evidence), "lint") == Place("jobs/ds.json", 3)
