"""Larger reports for the tests of the HTML page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from dsdoctor.model import (
    Outcome,
    ProbeResult,
    RankRow,
    Report,
    Smoke,
    SmokeCheck,
    SmokeRank,
    SmokeRun,
    Status,
    TimelineEntry,
    Verdict,
)
from tests.unit.report.reports import dead_job, fallout, finding

START = datetime(2026, 1, 31, 10)


def many_ranks(world: int, guilty: int, *, timed: bool = True) -> Report:
    """One rank of ``world`` dies, the others a little later; eight on a host."""
    report = dead_job(fallout(ranks=tuple(rank for rank in range(world) if rank != guilty)))
    root = replace(report.findings[0], ranks=(guilty,), hosts=(f"node-{guilty // 8}",))
    rows = tuple(_row(rank, rank == guilty, timed) for rank in range(world))
    moments = (
        TimelineEntry("job.log", 5, "last sign of progress", 0, "node-0", START),
        TimelineEntry("job.log", 26, root.title, guilty, None, START + timedelta(seconds=30)),
    )
    verdict = replace(report.verdict, root=root)
    findings = (root, *report.findings[1:])
    return replace(report, verdict=verdict, findings=findings, ranks=rows, timeline=moments)


def _row(rank: int, guilty: bool, timed: bool) -> RankRow:
    time = START + timedelta(seconds=30 if guilty else 40 + rank % 5) if timed else None
    ended, code = ("AssertionError", "DSC001") if guilty else ("RuntimeError", "DSL091")
    host = f"node-{rank // 8}"
    return RankRow(rank, host, 412, f"{host}.log", 100 + rank, ended, code, time)


def two_hosts() -> Report:
    """``preflight`` on hosts that differ in their driver."""
    facts = {"count": 8, "driver": "580.95"}
    old = {"count": 8, "driver": "535.161"}
    probes = (
        ProbeResult("gpus", Outcome.OK, "8 GPUs, driver 580.95", facts=facts, host="node-1"),
        ProbeResult("gpus", Outcome.OK, "8 GPUs, driver 580.95", facts=facts, host="node-2"),
        ProbeResult("gpus", Outcome.OK, "8 GPUs, driver 535.161", facts=old, host="node-3"),
    )
    verdict = Verdict(Status.PROBLEMS, "1 problem")
    odd = finding("DSH011", title="Hosts differ", hosts=("node-3",), evidence=(), remedies=())
    return Report(verdict, (odd,), command="preflight", probes=probes)


def smoke_pair() -> Report:
    """A run that failed and one that passed."""
    ranks = tuple(
        SmokeRank(
            rank,
            "node-1",
            3,
            (7.0, 6.5, 6.0),
            (0.9, 0.04, 0.05),
            {"gpu_allocated": 1 << 30, "gpu_reserved": (3 + rank) << 29, "host_rss": 1 << 31},
            "done",
        )
        for rank in range(2)
    )
    checks = (
        SmokeCheck("losses are finite", True, "6 of 6"),
        SmokeCheck("loss falls", False, "no"),
    )
    before = SmokeRun("before", "failed", "it died", "DSC001", "The batch sizes", config="a.json")
    after = SmokeRun("after", "passed", "", "", "", "cuda", "b.json", ranks, checks, seconds=11.0)
    sentence = "Reproduced, then fixed."
    smoke = Smoke("reproduced-then-fixed", (before, after), sentence)
    return Report(Verdict(Status.CLEAN, sentence), command="smoke", smoke=smoke)
