"""Smoke runs: what came of each, the checks, the ranks with their memory, the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Smoke, SmokeCheck, SmokeRun
from dsdoctor.report.html_bars import memory_bars
from dsdoctor.report.html_curve import loss_curve
from dsdoctor.report.html_finding import badge
from dsdoctor.report.html_markup import Markup, el, joined, void
from dsdoctor.report.html_page import Section
from dsdoctor.report.html_ranks import table
from dsdoctor.report.html_smoke_ranks import ranks_table
from dsdoctor.report.smoke_figures import peak_memory, step_time, told

_BADGE = {
    "passed": ("✓", "good"),
    "skipped": ("–", "dim"),
    "interrupted": ("!", "warn"),
    "refused": ("!", "warn"),
}
MAX_RUNS = 500


def outcome_badge(run: SmokeRun) -> Markup:
    """Passed, failed, hung ..."""
    sign, kind = _BADGE.get(run.outcome, ("✗", "bad"))
    return badge(sign, run.outcome, kind)


def smoke_sections(smoke: Smoke | None) -> Iterator[Section]:
    """The runs in a table, then what each showed."""
    if smoke is None:
        return
    runs = smoke.runs[:MAX_RUNS]
    name = "The runs" if len(runs) > 1 else "The run"
    yield Section("runs", name, _runs(runs))
    yield Section("checks", "What must hold", _checks(runs, smoke), "Checks")
    if not smoke.matrix:
        yield Section("loss", "Loss", loss_curve(runs))
        yield Section("memory", "Memory at its peak", memory_bars(runs), "Memory")
        yield Section("smoke-ranks", "The ranks of the run", ranks_table(runs), "Ranks")
        yield Section("changed", "Changed for the run", _changes(runs), "Changes")


def _runs(runs: Sequence[SmokeRun]) -> Markup:
    names = ("Run", "Outcome", "What it showed", "Step", "Peak memory", "Seconds")
    return joined(table("Runs", names, [el("tr", _cells(run)) for run in runs]), _logs(runs))


def _cells(run: SmokeRun) -> Iterator[Markup]:
    config = [void("br"), el("code", run.config, class_="place")] if run.config else []
    yield el("th", run.name, config, scope="row", class_="name")
    yield el("td", outcome_badge(run))
    if run.outcome == "passed":
        yield el("td", told(run))
    else:
        yield el("td", el("span", run.code, class_="id"), " ", run.title or run.reason)
    yield el("td", (step_time(run) if run.ranks else "") or "–", class_="figure")
    yield el("td", peak_memory(run) or "–", class_="figure")
    yield el("td", f"{run.seconds:.1f}" if run.seconds else "–", class_="figure")


def _logs(runs: Sequence[SmokeRun]) -> Markup:
    return joined(
        el("p", el("strong", f"Log of {run.name} "), el("code", run.log, class_="place"))
        for run in runs
        if run.log
    )


def _checks(runs: Sequence[SmokeRun], smoke: Smoke) -> Markup:
    """What does not hold is open, what holds is folded away."""
    checks = [] if smoke.matrix else [(run.name, check) for run in runs for check in run.checks]
    checks += [("all", check) for check in smoke.checks]
    bad = [el("tr", _check(*pair)) for pair in checks if not pair[1].ok]
    good = [el("tr", _check(*pair)) for pair in checks if pair[1].ok]
    names = ("Result", "Run", "Check", "By what numbers")
    parts = [table("What does not hold", names, bad)] if bad else []
    if good:
        summary = el("summary", f"Holds: {len(good)} of {len(checks)}")
        parts.append(el("details", summary, table("What holds", names, good)))
    return joined(parts)


def _check(run: str, check: SmokeCheck) -> Iterator[Markup]:
    yield el("td", badge("✓", "holds", "good") if check.ok else badge("✗", "does not", "bad"))
    yield el("td", run)
    yield el("th", check.name, scope="row")
    yield el("td", check.detail)


def _changes(runs: Sequence[SmokeRun]) -> Markup:
    changes = list(dict.fromkeys(item for run in runs for item in run.changes))
    if not changes:
        return Markup()
    items = el("ul", (el("li", item) for item in changes))
    return joined(el("p", "All else ran as it was given."), items)
