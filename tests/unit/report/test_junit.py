"""JUnit XML, as Jenkins and GitLab read it."""

from __future__ import annotations

from dataclasses import replace

from junitparser import TestCase as Case

from dsdoctor.model import Outcome, ProbeResult, Report, Severity, Status, Verdict
from dsdoctor.report import junit
from tests.unit.report.consumers import read_junit
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems


def cases(report: Report) -> dict[str, Case]:
    """The cases by name."""
    return {case.name: case for suite in read_junit(junit.render(report)) for case in suite}


def test_a_finding_is_a_failed_case() -> None:
    found = cases(dead_job(fallout()))
    assert list(found) == ["verdict", "DSC001 The batch sizes do not multiply out"]
    (failure,) = found["DSC001 The batch sizes do not multiply out"].result
    assert (failure.message, failure.type) == ("32 is not 4 x 1 x 2", "DSC001")
    assert "job.log:26" in failure.text
    assert "then    The launcher stops (1 line)" in failure.text


def test_remarks_pass() -> None:
    found = cases(problems(finding(severity=Severity.INFO)))
    assert all(case.is_passed for case in found.values())


def test_nothing_found_is_a_case_that_passed() -> None:
    (case,) = cases(problems()).values()
    assert case.is_passed
    assert case.system_out == "0 problems"


def test_what_could_not_be_judged_is_skipped() -> None:
    (case,) = cases(Report(Verdict(Status.INCONCLUSIVE, "the log ends early"))).values()
    assert case.is_skipped


def test_every_probe_is_a_case() -> None:
    found = cases(machines())
    assert len(found) == 6
    assert found["gpu-memory"].is_failure
    assert found["memory"].is_passed
    assert found["nvme"].is_skipped
    assert found["network"].is_error
    assert found["numa"].is_error
    assert found["memory"].classname == "dsdoctor.preflight.node-1"
    assert found["gpu-memory"].time == 0.2


def test_what_no_probe_holds_has_a_case_of_its_own() -> None:
    """Such as two hosts that differ."""
    report = machines()
    report = replace(report, findings=(*report.findings, finding("DSB050", evidence=())))
    assert "DSB050 The batch sizes do not multiply out" in cases(report)


def test_a_probe_that_broke_off_keeps_its_findings_out_of_failures() -> None:
    """A case has one end."""
    broken = ProbeResult("net", Outcome.CRASHED, findings=(finding(),), note="KeyError")
    report = Report(Verdict(Status.CLEAN, "ok"), command="preflight", probes=(broken,))
    case = cases(report)["net"]
    assert case.is_error
    assert not case.is_failure


def test_a_failure_without_a_finding_fails(smoke_failure: Report) -> None:
    assert sum(case.is_failure for case in cases(smoke_failure).values()) == 1
