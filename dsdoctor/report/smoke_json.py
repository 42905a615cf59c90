"""The part ``smoke`` of ``dsdoctor.report/1``."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dsdoctor.model import Smoke, SmokeCheck, SmokeRank, SmokeRun


def smoke_dict(smoke: Smoke) -> dict[str, Any]:
    """The last run at the top, where one looks for it; of a matrix its name and outcome only."""
    last = SmokeRun("matrix", smoke.outcome) if smoke.matrix else smoke.runs[-1]
    several = [_run(run) for run in smoke.runs]
    return {
        **_run(last),
        "outcome": smoke.outcome,
        "checks": [_check(check) for check in (*last.checks, *smoke.checks)],
        "comparison": _comparison(smoke),
        "variants": several if smoke.matrix else [],
    }


def _comparison(smoke: Smoke) -> dict[str, Any] | None:
    if not smoke.sentence:
        return None
    return {
        "sentence": smoke.sentence,
        "before": _run(smoke.runs[0]),
        "after": _run(smoke.runs[-1]),
    }


def _run(run: SmokeRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "outcome": run.outcome,
        "reason": run.reason or None,
        "code": run.code or None,
        "device": run.device or None,
        "config": run.config or None,
        "ranks": [_rank(rank) for rank in run.ranks],
        "checks": [_check(check) for check in run.checks],
        "changes": list(run.changes),
        "seconds": round(run.seconds, 3),
        "log": run.log or None,
    }


def _rank(rank: SmokeRank) -> dict[str, Any]:
    return {
        "rank": rank.rank,
        "host": rank.host or None,
        "steps": rank.steps,
        "losses": [_number(loss) for loss in rank.losses],
        "seconds": [_number(time) for time in rank.seconds],
        "memory": dict(rank.memory),
        "phase": rank.phase or None,
    }


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if isfinite(value) else None


def _check(check: SmokeCheck) -> dict[str, Any]:
    return {"name": check.name, "ok": check.ok, "detail": check.detail}
