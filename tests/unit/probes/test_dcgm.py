"""What dcgmi says, in the forms of DCGM 3 and 4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.host import Completed
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.dcgm import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site


def look(pack: Pack, answer: Completed | Exception) -> ProbeResult:
    return asked(PROBES, site(host=FakeHost(commands={"dcgmi": answer})), pack)


def report_with(
    *tests: dict[str, Any] | None, root: str = "DCGM GPU Diagnostic", **more: Any
) -> str:
    categories = [{"category": "Deployment", "tests": list(tests)}]
    return json.dumps({root: {"test_categories": categories, "version": "3.3.1", **more}})


def old(status: str, **more: Any) -> dict[str, Any]:
    return {"name": "Inforom", "results": [{"gpu_ids": "0,1", "status": status, **more}]}


def new(status: str, **more: Any) -> dict[str, Any]:
    result = {"entity_group": "GPU", "entity_group_id": 1, "entity_id": 3, "status": status, **more}
    return {"name": "software", "results": [result], "test_summary": {"status": status}}


def test_healthy(pack: Pack) -> None:
    result = look(pack, said("WARNING: something\n" + report_with(old("PASS"), None, old("Skip"))))
    assert (result.outcome, result.summary) == (Outcome.OK, "1 of 1 tests pass")
    assert result.facts == {"version": "3.3.1", "failed": []}


def test_healthy_4(pack: Pack) -> None:
    result = look(pack, said(report_with(new("Pass"), root="DCGM Diagnostic")))
    assert result.outcome is Outcome.OK


def test_a_failed_test_of_3(pack: Pack) -> None:
    text = report_with(old("Fail", warnings=["Inforom is\n corrupt"]))
    result = look(pack, said(text, code=226))
    assert codes(result) == ["DSN094"]
    assert result.findings[0].message == "DCGM: Inforom fails on GPU 0,1: Inforom is corrupt"
    assert result.facts["failed"] == ["Inforom"]


def test_a_failed_test_of_4(pack: Pack) -> None:
    warning = {"warning": "row remap pending", "error_id": 83}
    text = report_with(new("Fail", warnings=[warning]), root="DCGM Diagnostic")
    result = look(pack, said(text))
    assert result.findings[0].message == "DCGM: software fails on GPU 3: row remap pending"
    assert severity(result) is Severity.ERROR


def test_a_host_s_processor_is_no_gpu(pack: Pack) -> None:
    text = report_with(new("Fail", entity_group="CPU"), root="DCGM Diagnostic")
    assert look(pack, said(text)).findings[0].message == "DCGM: software fails"


def test_a_warning_is_a_note(pack: Pack) -> None:
    assert severity(look(pack, said(report_with(old("WARN"))))) is Severity.INFO


def test_not_installed(pack: Pack) -> None:
    result = asked(PROBES, site(), pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "dcgmi is not installed")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(code=255, err="Error: unable to establish a connection"), "unable to establish"),
        (said("{broken}"), "dcgmi says: {broken}"),
        (said(""), "dcgmi says: nothing"),
        (said('{"DCGM GPU Diagnostic": {"runtime_error": "no GPU"}}'), "ran no test: no GPU"),
        (said('{"DCGM Diagnostic": [1]}'), "ran no test"),
        (said("{" * 100_000 + "}"), "dcgmi says"),
        (Unavailable("dcgmi did not answer in 120 s"), "did not answer"),
    ],
)
def test_no_answer(pack: Pack, answer: Any, why: str) -> None:
    result = look(pack, answer)
    assert result.outcome is Outcome.SKIPPED
    assert why in result.note


def test_a_crash_is_told(pack: Pack) -> None:
    assert look(pack, ValueError("odd")).outcome is Outcome.CRASHED
