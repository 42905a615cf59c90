"""Files as they are called from here, so that redaction leaves those of the project alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.model import Change, Evidence, RankRow, Report, Status, Verdict
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report.near_places import near_path, with_near_places
from dsdoctor.report.places import place_of, project_path
from tests.unit.report.reports import finding


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in somebody's home, with the job started two folders down."""
    root = tmp_path / "home" / "jdoe" / "proj"
    (root / "jobs" / "a").mkdir(parents=True)
    (root / "jobs" / "a" / "train.py").touch()
    (root / "lib.py").touch()
    monkeypatch.chdir(root / "jobs" / "a")
    monkeypatch.setenv("CI_PROJECT_DIR", str(root))
    return root


def test_names_of_files(project: Path) -> None:
    assert near_path(str(project / "lib.py")) == "../../lib.py"
    assert near_path(str(project / "jobs" / "a" / "train.py")) == "train.py"
    assert near_path("../../lib.py") == "../../lib.py"
    assert near_path("../../../x.log") == str(project.parent / "x.log")
    assert near_path("/var/log/x.log") == "/var/log/x.log"


@pytest.mark.parametrize("name", ["command line", "<stdin>", "node-2:/home/x/y.log", "", "a.log"])
def test_what_may_be_no_file_stays(name: str) -> None:
    assert near_path(name) == name


@pytest.mark.parametrize("file", ["lib.py", "jobs/a/train.py", "jobs"])
def test_places_in_the_project_are_what_they_were(project: Path, file: str) -> None:
    for name in (str(project / file), near_path(str(project / file))):
        assert project_path(near_path(name)) == project_path(name) == file


def test_the_project_itself_is_not_told_where_it_lies(project: Path) -> None:
    assert project_path(str(project)) == "."
    assert project_path(near_path(str(project))) == "."


def test_after_redaction_places_are_known_and_nobody_is_named(project: Path) -> None:
    own = finding(user_frame=f"{project}/lib.py:8 in main → f(x)")
    below = finding("DSC002", evidence=(Evidence(f"{project}/ds.json", 3, "x"),))
    beside = finding("DSC003", evidence=(Evidence("../../../x.log", 4, "x"),))
    report = Report(
        Verdict(Status.DIAGNOSED, "x", own),
        (own, below, beside),
        ranks=(RankRow(0, file=f"{project}/jobs/a/0.log"),),
        changes=(Change(f"{project}/ds.json", (), "", f"{project}/new.json"),),
    )
    done = Redactor().report(with_near_places(report))
    places = [place_of(item, "explain") for item in done.findings]
    assert [(place.path, place.line) for place in places[:2]] == [("lib.py", 8), ("ds.json", 3)]
    assert places[2].path.endswith("/home/user-1/x.log")
    assert "jdoe" not in repr(done)
    assert done.ranks[0].file == "0.log"
