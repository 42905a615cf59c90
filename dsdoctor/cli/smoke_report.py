"""Makes reports of smoke runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.model import (
    Coverage,
    Report,
    Smoke,
    SmokeCheck,
    SmokeRank,
    SmokeRun,
    Status,
    Verdict,
)
from dsdoctor.smoke.compare import compare
from dsdoctor.smoke.records import RankRecord
from dsdoctor.smoke.result import Check, SmokeResult

WORST = ("interrupted", "hung", "failed", "refused", "passed")


def report_of(result: SmokeResult, name: str) -> Report:
    """The report on one run. A run that failed brings what its own log says."""
    run = run_of(result, "run", name)
    smoke = Smoke(run.outcome, (run,))
    return replace(_base(result), verdict=_verdict(result), smoke=smoke)


def comparison_of(before: SmokeResult, after: SmokeResult, names: tuple[str, str]) -> Report:
    """The report on two runs and what they prove together."""
    found = compare(before, after)
    runs = (run_of(before, "before", names[0]), run_of(after, "after", names[1]))
    base = _base(after)
    root = None if after.passed else base.verdict.root
    status = Status.CLEAN if found.proven else Status.PROBLEMS
    return replace(
        base,
        verdict=Verdict(status, found.sentence, root),
        smoke=Smoke(found.slug, runs, found.sentence),
    )


def matrix_of(
    results: Sequence[tuple[str, SmokeResult | str]], checks: Sequence[Check] = ()
) -> Report:
    """The report on many variants; in place of a result stands why one was not run."""
    runs = [
        SmokeRun(name, "skipped", result) if isinstance(result, str) else run_of(result, name, "")
        for name, result in results
    ]
    ran = [run for run in runs if run.outcome != "skipped"]
    passed = sum(run.outcome == "passed" for run in ran)
    outcome = min((run.outcome for run in ran), key=WORST.index, default="refused")
    if outcome == "passed" and not all(check.ok for check in checks):
        outcome = "failed"
    skipped = len(runs) - len(ran)
    summary = f"{passed} of {len(ran)} variants passed, {skipped} skipped"
    status = Status.CLEAN if outcome == "passed" else Status.PROBLEMS
    done = [result for _, result in results if isinstance(result, SmokeResult)]
    return Report(
        command="smoke",
        verdict=Verdict(status, summary),
        coverage=Coverage(seconds=sum(result.seconds for result in done)),
        versions=_versions(done[-1]) if done else {},
        smoke=Smoke(outcome, tuple(runs), matrix=True, checks=_checks(checks)),
    )


def refusal(report: Report, name: str) -> Report:
    """Lint's report as that of a run that was not started."""
    summary = f"not run: {report.verdict.summary}"
    run = SmokeRun("run", "refused", summary, config=name)
    verdict = replace(report.verdict, summary=summary)
    return replace(report, command="smoke", verdict=verdict, smoke=Smoke("refused", (run,)))


def run_of(result: SmokeResult, name: str, config: str) -> SmokeRun:
    """One run as the report shows it."""
    root = result.report.verdict.root if result.report else None
    return SmokeRun(
        name=name,
        outcome=result.outcome,
        reason=result.reason,
        code=result.code,
        title=root.title if root else "",
        device=result.plan.device if result.plan else "",
        config=config,
        ranks=tuple(_rank(record) for record in result.ranks),
        checks=_checks(result.checks),
        changes=result.changes,
        seconds=result.seconds,
        log=result.log,
    )


def _base(result: SmokeResult) -> Report:
    """What explain said, or an empty report, with what the run itself tells."""
    base = result.report or Report(Verdict(Status.CLEAN, ""))
    coverage = replace(
        base.coverage,
        world_size=result.plan.world_size if result.plan else None,
        notes=(*base.coverage.notes, *result.notes),
    )
    versions = {**base.versions, **_versions(result)}
    return replace(base, command="smoke", coverage=coverage, versions=versions)


def _verdict(result: SmokeResult) -> Verdict:
    """One sentence, and the root cause where the log shows it."""
    took = f"{result.outcome} in {result.seconds:.0f} s"
    if result.passed:
        return Verdict(Status.CLEAN, took)
    if result.outcome == "interrupted":
        return Verdict(Status.INCONCLUSIVE, f"{took}; nothing is left behind")
    root = result.report.verdict.root if result.report else None
    if root is None or result.report is None:
        return Verdict(Status.PROBLEMS, f"{took}: {result.reason}")
    return Verdict(result.report.verdict.status, f"{took}: {root.title}", root)


def _versions(result: SmokeResult) -> dict[str, str]:
    return dict(result.ranks[0].versions) if result.ranks else {}


def _rank(record: RankRecord) -> SmokeRank:
    return SmokeRank(
        rank=record.rank,
        host=record.host,
        steps=len(set(record.steps)),
        losses=tuple(record.losses),
        seconds=tuple(record.seconds),
        memory=record.memory,
        phase=record.phase,
    )


def _checks(checks: Sequence[Check]) -> tuple[SmokeCheck, ...]:
    return tuple(SmokeCheck(check.name, check.ok, check.detail) for check in checks)
