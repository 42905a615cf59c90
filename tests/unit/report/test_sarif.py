"""SARIF 2.1.0, within what code scanning takes."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.model import Evidence, Report, Severity
from dsdoctor.report import sarif
from tests.unit.report.consumers import read_sarif
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems


def run_of(report: Report) -> dict[str, Any]:
    run: dict[str, Any] = read_sarif(sarif.render(report))["runs"][0]
    return run


def test_a_result_and_its_rule() -> None:
    run = run_of(dead_job(fallout(evidence=(Evidence("b.log", 44, "exit 1"),))))
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("DSC001", "error")
    assert result["message"] == {"text": "32 is not 4 x 1 x 2"}
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "job.log", "uriBaseId": "%SRCROOT%"}
    assert where["region"]["startLine"] == 26
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["name"] == "BatchTriangle"
    assert rule["fullDescription"] == {"text": "DeepSpeed checks it."}
    assert '{"train_batch_size": null}' in rule["help"]["markdown"]
    assert "deepspeed train.py" in rule["help"]["text"]


def test_fallout_is_folded_into_its_cause() -> None:
    fall = [fallout(evidence=(Evidence(f"{rank}.log", 9, ""),)) for rank in range(300)]
    (result,) = run_of(dead_job(*fall))["results"]
    assert len(result["relatedLocations"]) == 99
    related = result["relatedLocations"][0]
    assert related["message"] == {"text": "The launcher stops"}
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "0.log"


def test_the_commands_do_not_close_each_others_alerts() -> None:
    ids = {run_of(report)["automationDetails"]["id"] for report in (dead_job(), problems())}
    assert ids == {"dsdoctor-explain/", "dsdoctor-lint/"}


def test_a_rule_stands_once() -> None:
    run = run_of(problems(finding(), finding(severity=Severity.INFO), finding("DSC002")))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["DSC001", "DSC002"]
    assert [result["level"] for result in run["results"]] == ["error", "error", "note"]


def test_a_machine_has_a_place_too() -> None:
    (result,) = run_of(machines())["results"]
    (where,) = result["locations"]
    assert where["physicalLocation"]["artifactLocation"]["uri"] == "preflight/node-1"


def test_files_elsewhere_are_addresses() -> None:
    evidence = (Evidence("/var/log/a job.log", 3, ""),)
    (result,) = run_of(problems(finding(evidence=evidence)))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///var/log/a%20job.log"}


def test_the_least_severe_are_left_out_of_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif.MAX_RESULTS == 5000
    monkeypatch.setattr(sarif, "MAX_RESULTS", 50)  # validating takes longer than writing
    many = [finding(severity=Severity.INFO) for _ in range(50)]
    run = run_of(problems(*many, finding("DSC002")))
    assert len(run["results"]) == 50
    assert run["results"][0]["ruleId"] == "DSC002"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "1 less severe results are left out"


def test_nothing_found_is_a_run_without_results() -> None:
    assert run_of(problems())["results"] == []
