"""Annotations of GitHub Actions."""

from __future__ import annotations

from dsdoctor.model import Evidence, Report, Severity, Status, Verdict
from dsdoctor.report import github
from tests.unit.report.consumers import read_github
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems


def test_the_cause_is_an_error_where_it_happened() -> None:
    (one,) = read_github(github.render(dead_job(fallout())))
    assert one.name == "error"
    assert one.properties == {
        "file": "job.log",
        "line": "26",
        "title": "DSC001 The batch sizes do not multiply out",
    }
    assert one.text.startswith("32 is not 4 x 1 x 2\nthen: The launcher stops (1 line)\n")
    assert '{"train_batch_size": null}' in one.text


def test_levels() -> None:
    findings = [finding(severity=severity) for severity in Severity]
    names = [one.name for one in read_github(github.render(problems(*findings)))]
    assert names == ["error", "error", "warning", "notice"]


def test_a_problem_of_a_machine_has_no_file() -> None:
    (one,) = read_github(github.render(machines()))
    assert set(one.properties) == {"title"}
    assert "node-1" in one.text


def test_ten_of_a_level_and_the_last_counts_the_rest() -> None:
    findings = [finding(severity=Severity.WARNING) for _ in range(25)]
    found = read_github(github.render(problems(*findings)))
    assert len(found) == 10
    assert found[-1].text == "16 more of this level: see the job summary"
    assert len(read_github(github.render(problems(*findings[:10])))) == 10


def test_all_is_well_is_said_too() -> None:
    (one,) = read_github(github.render(Report(Verdict(Status.HEALTHY, "No failure found"))))
    assert (one.name, one.text) == ("notice", "No failure found")


def test_signs_with_a_meaning_arrive() -> None:
    message = "50% of 1,000: a::b\nnext"
    evidence = (Evidence("a,b:c%.json", 3, ""),)
    (one,) = read_github(github.render(problems(finding(message=message, evidence=evidence))))
    assert one.properties["file"] == "a,b:c%.json"
    assert one.text.startswith("50% of 1,000: a::b next")
