"""GitLab's code quality report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsdoctor.model import Evidence, Finding, Report, Severity
from dsdoctor.report import gitlab
from tests.unit.report.consumers import read_gitlab
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems


def marks(*findings: Finding) -> list[str]:
    return [issue["fingerprint"] for issue in read_gitlab(gitlab.render(problems(*findings)))]


def test_an_issue() -> None:
    (issue,) = read_gitlab(gitlab.render(dead_job(fallout())))
    del issue["fingerprint"]
    assert issue == {
        "description": "The batch sizes do not multiply out: 32 is not 4 x 1 x 2",
        "check_name": "DSC001 batch-triangle",
        "severity": "critical",
        "location": {"path": "job.log", "lines": {"begin": 26}},
    }


def test_nothing_found_is_an_empty_list() -> None:
    assert gitlab.render(problems()) == "[]\n"


@pytest.mark.parametrize(
    ("severity", "word"),
    list(zip(Severity, ["info", "minor", "major", "critical"], strict=True)),
)
def test_severities(severity: Severity, word: str) -> None:
    (issue,) = read_gitlab(gitlab.render(problems(finding(severity=severity))))
    assert issue["severity"] == word


def test_a_machine_has_a_place_too() -> None:
    (issue,) = read_gitlab(gitlab.render(machines()))
    assert issue["location"] == {"path": "preflight/node-1", "lines": {"begin": 1}}


def test_a_fingerprint_outlives_another_run() -> None:
    """Lines move and values change; the problem stays the same."""
    later = finding(message="64 is not 4 x 1 x 2", evidence=(Evidence("job.log", 99, "12:01"),))
    assert marks(finding()) == marks(later)


def test_fingerprints_tell_apart() -> None:
    key = replace(finding(), evidence=(Evidence("job.log", 26, "", "a.b"),))
    file = replace(finding(), evidence=(Evidence("other.log", 26, ""),))
    found = marks(finding(), key, file, finding("DSC002"), finding())
    assert len(set(found)) == 5


def test_a_report_without_findings_but_with_a_failure(smoke_failure: Report) -> None:
    (issue,) = read_gitlab(gitlab.render(smoke_failure))
    assert issue["check_name"] == "DSDOCTOR smoke-failed"
