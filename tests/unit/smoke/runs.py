"""Makes plans, ranks and results for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsdoctor.model import Confidence, Finding, Report, Role, Severity, Status, Verdict
from dsdoctor.smoke.model_size import ModelSize
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.records import RankRecord
from dsdoctor.smoke.result import Outcome, SmokeResult

SIZE = ModelSize(layers=2, hidden=64, heads=2, sequence=32, vocabulary=256)
PLAN = Plan(config={}, model=SIZE, steps=4, micro_batch=1, world_size=2, device="cpu")


def plan(**more: Any) -> Plan:
    return replace(PLAN, **more)


def rank(number: int, **more: Any) -> RankRecord:
    """A rank that did all that it should."""
    record = RankRecord(
        number,
        host="here",
        phase="end",
        steps=[1, 2, 3, 4],
        losses=[5.0, 4.5, 4.25, 4.0],
        seconds=[0.5, 0.1, 0.1, 0.1],
        digest="ab",
        ended=True,
    )
    return replace(record, **more)


def result(outcome: Outcome = "passed", code: str = "", **more: Any) -> SmokeResult:
    """A result; with ``code`` its log shows a cause."""
    made = SmokeResult(outcome, PLAN, report=_report(code) if code else None)
    return replace(made, **more)


def _report(code: str) -> Report:
    finding = Finding(
        code, "slug", "Title", Severity.FATAL, Confidence.CERTAIN, Role.CAUSE, "message"
    )
    return Report(Verdict(Status.DIAGNOSED, "Title", finding), findings=(finding,))
