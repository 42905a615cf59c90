"""Which findings stand on their own, in which order."""

from __future__ import annotations

from dsdoctor.model import Report, Role, Severity, Status, Verdict
from dsdoctor.report.folding import folded
from tests.unit.report.reports import dead_job, fallout, finding, problems


def test_the_root_is_first_and_holds_its_fallout() -> None:
    context = finding("DSL032", role=Role.CONTEXT, severity=Severity.INFO)
    (root, other) = folded(dead_job(context, fallout(), fallout("DSL093")))
    assert root.finding.code == "DSC001"
    assert [item.code for item in root.followed] == ["DSL091", "DSL093"]
    assert (other.finding, other.followed) == (context, ())


def test_fallout_goes_to_the_cause_that_it_names() -> None:
    second = finding("DSM001")
    (root, other) = folded(dead_job(second, fallout(caused_by="DSM001")))
    assert root.followed == ()
    assert [item.code for item in other.followed] == ["DSL091"]


def test_without_a_root_nothing_is_folded_away() -> None:
    report = problems(finding(severity=Severity.WARNING), fallout())
    assert [item.finding.code for item in folded(report)] == ["DSL091", "DSC001"]


def test_a_failure_that_nothing_explains_is_still_told() -> None:
    """Such as a smoke run that failed without a word."""
    report = Report(Verdict(Status.PROBLEMS, "failed in 3 s"), command="smoke")
    (only,) = folded(report)
    assert (only.finding.message, only.finding.severity) == ("failed in 3 s", Severity.ERROR)


def test_a_healthy_job_has_nothing() -> None:
    assert folded(Report(Verdict(Status.HEALTHY, "No failure found"))) == []
