"""One run from its plan to its result."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dsdoctor.model import Report
from dsdoctor.smoke.folder import RunFolder, run_folder
from dsdoctor.smoke.judge import judge
from dsdoctor.smoke.launch import WORKER, launch_of
from dsdoctor.smoke.needs import check_needs
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.records import read_records
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.result import Check, Outcome, SmokeResult
from dsdoctor.smoke.stopping import Stop
from dsdoctor.smoke.supervise import Ended, in_words, supervise
from dsdoctor.smoke.watch import Limits

Examine = Callable[[RunFolder], Report]
SILENCE = 180.0


def run_plan(
    plan: Plan,
    request: SmokeRequest,
    stop: Stop,
    examine: Examine,
    tell: Callable[[str], None] = lambda _: None,
    worker: Path = WORKER,
) -> SmokeResult:
    """Train, watch, judge, and leave nothing behind.

    Args:
        plan: what to do.
        request: with which launcher, Python and time limit.
        stop: set by a signal to dsdoctor.
        examine: asked about the logs of a run that did not pass, while they are there.
        tell: told what the user should know while it runs.
        worker: the script that trains.

    Raises:
        UsageError: something that it needs is missing.
    """
    with run_folder(request.keep, plan.scratch, shared=request.elsewhere) as folder:
        launch = launch_of(plan, request, folder, worker)
        check_needs(plan, request, launch.env)
        _write(plan, folder)
        ended = supervise(launch, folder, _limits(request), stop, tell)
        result = _result(plan, folder, ended)
        if not result.passed and ended.stopped is None:
            result = replace(result, report=examine(folder))
        return replace(result, log=str(folder.log) if request.keep else "")


def _limits(request: SmokeRequest) -> Limits:
    """A model of true size may be silent for long before its first step."""
    silence = request.timeout if request.true_size else min(SILENCE, request.timeout)
    return Limits(request.timeout, silence)


def _write(plan: Plan, folder: RunFolder) -> None:
    documents = {"plan.json": plan.document(folder.path), "ds_config.json": dict(plan.config)}
    for name, value in documents.items():
        (folder.path / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _result(plan: Plan, folder: RunFolder, ended: Ended) -> SmokeResult:
    records = read_records(folder.path)
    checks = [Check("launcher ends well", ended.code == 0, in_words(ended.code))]
    checks += judge(plan, records)
    outcome = _outcome(ended, checks)
    return SmokeResult(
        outcome,
        plan,
        tuple(records),
        tuple(checks),
        plan.changes,
        ended.seconds,
        _reason(outcome, ended, checks),
        notes=(*plan.notes, *ended.notes),
    )


def _outcome(ended: Ended, checks: list[Check]) -> Outcome:
    if ended.stopped is not None:
        return "interrupted"
    if ended.hung:
        return "hung"
    return "passed" if all(check.ok for check in checks) else "failed"


def _reason(outcome: Outcome, ended: Ended, checks: list[Check]) -> str:
    if outcome == "hung":
        return ended.hung
    wrong = next((check for check in checks if not check.ok), None)
    return f"{wrong.name}: no ({wrong.detail})" if wrong and outcome == "failed" else ""
