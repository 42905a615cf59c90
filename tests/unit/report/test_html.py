"""The page that is sent to a colleague."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dsdoctor.cli.context import with_excerpts
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import (
    Change,
    Confidence,
    Evidence,
    Excerpt,
    RankRow,
    Remedy,
    Report,
    Severity,
    Smoke,
    SmokeRank,
    SmokeRun,
    Status,
    Verdict,
)
from dsdoctor.report import html
from dsdoctor.report.ci_commands import disarmed_xml
from dsdoctor.report.html_axis import Axis, axis_of
from dsdoctor.report.html_endings import endings
from tests.conftest import ROOT
from tests.unit.report.html_reader import named, read_html, texts
from tests.unit.report.html_reports import many_ranks, smoke_pair, two_hosts
from tests.unit.report.read_back import read_report
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems

CASES = ROOT / "fixtures" / "cases"
PREFLIGHT = ROOT / "fixtures" / "preflight"


def shown(report: Report) -> str:
    """The page's text, read by a strict parser."""
    return texts(read_html(html.render(report)))


def in_order(text: str, *parts: str) -> None:
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_order_is_that_of_reading() -> None:
    report = dead_job(fallout())
    body = shown(report).split("Skip to the report")[1]
    in_order(
        body,
        "failed",
        "DSC001 The batch sizes do not multiply out",
        "32 is not 4 x 1 x 2",
        "certain",
        "job.log:26",
        "AssertionError: 32 != 4 * 1 * 2",
        "DeepSpeed checks it.",
        "Leave it away",
        '{"train_batch_size": null}',
        "DSL091 The launcher stops",
        "What was looked at",
    )


def test_a_likely_cause_says_why_only_likely() -> None:
    report = dead_job()
    root = finding(confidence=Confidence.LIKELY, argument="another line says so too")
    report = replace(report, verdict=replace(report.verdict, root=root), findings=(root,))
    assert "Likely: another line says so too" in shown(report)


def test_an_unknown_cause_is_called_unknown() -> None:
    report = dead_job()
    report = replace(report, verdict=replace(report.verdict, status=Status.UNRECOGNISED))
    assert "Unknown cause" in shown(report)


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.HEALTHY, "healthy"), (Status.INCONCLUSIVE, "inconclusive"), (Status.CLEAN, "clean")],
)
def test_without_a_cause_the_summary_is_the_heading(status: Status, word: str) -> None:
    page = read_html(html.render(Report(Verdict(status, "12,000 steps"))))
    assert texts(next(named(page, "h1"))) == "12,000 steps"
    assert word in texts(next(named(page, "header")))


def test_lines_around_the_evidence_are_there_and_the_evidence_is_marked() -> None:
    around = Excerpt("job.log", 24, ("before", "File ...", "AssertionError: 32 != 4", "after"))
    page = read_html(html.render(replace(dead_job(), excerpts=(around,))))
    marked = [texts(one) for one in named(page, "mark")]
    assert marked == ["evidence: AssertionError: 32 != 4"]
    assert "32" in [texts(one) for one in named(page, "b")]
    assert re.search(r"24before\s+25File ...\s+26evidence: Asser.*\s+27after", texts(page))


def test_an_excerpt_of_another_file_is_not_shown() -> None:
    around = Excerpt("other.log", 24, ("before", "x", "AssertionError", "later"))
    assert "before" not in shown(replace(dead_job(), excerpts=(around,)))


def test_lines_that_belong_to_another_finding_are_left_out() -> None:
    lines = tuple(f"line {number}!" for number in range(1, 61))
    far = (Evidence("job.log", 10, "line 10!"), Evidence("job.log", 50, "line 50!"))
    root = finding(evidence=far)
    report = Report(Verdict(Status.DIAGNOSED, "x", root), (root,))
    text = shown(replace(report, excerpts=(Excerpt("job.log", 1, lines),)))
    assert [n for n in range(1, 61) if f"line {n}!" in text] == [*range(6, 13), *range(46, 53)]
    assert text.count("⋮") == 1


def test_the_repair_is_a_diff_to_copy() -> None:
    change = Change("a.json", ("DSC001: drop it",), '--- a\n+++ b\n@@ -1 +1 @@\n-"x"\n+"y"\n')
    page = read_html(html.render(replace(problems(finding()), changes=(change,))))
    rows = [(one.get("class"), texts(one)) for one in named(page, "span")]
    assert ("row added", '+"y"\n') in rows
    assert ("row removed", '-"x"\n') in rows
    assert "Nothing is saved yet" in texts(page)


def test_every_finding_of_a_check_is_there_and_the_gravest_are_named_at_the_top() -> None:
    found = [
        finding("DSC010", severity=Severity.WARNING, title="warned"),
        finding("DSC011", severity=Severity.INFO, title="noted"),
        finding("DSC012", severity=Severity.FATAL, title="fatal one"),
    ]
    page = read_html(html.render(problems(*found)))
    top = texts(next(named(page, "header")))
    in_order(top, "DSC012 fatal one", "DSC010 warned")
    assert "noted" not in top
    assert "Good to know: 1" in texts(page)
    assert [one.get("id") for one in named(page, "h3")] == ["finding-1", "finding-2", "finding-3"]


def test_very_many_findings_are_listed_and_counted() -> None:
    text = shown(problems(*[finding(f"DSC{n:03}", title=f"title {n}") for n in range(500)]))
    assert "440 more" in text
    assert "title 499" in text


def test_probes_stand_with_what_they_found() -> None:
    text = shown(machines())
    in_order(text, "gpu-memory", "numa", "network", "Skipped: 1", "nvme")
    for part in ("crashed", "timed out", "512 GiB", "KeyError", "DSB004"):
        assert part in text


def test_hosts_that_differ_are_named_with_what_they_have() -> None:
    page = read_html(html.render(two_hosts()))
    row = next(one for one in named(page, "tr") if "NVIDIA driver" in texts(one))
    assert "580.95 (2 hosts)" in texts(row)
    assert "node-3: 535.161" in texts(row)
    assert "The same on all: 1" in texts(page)


def test_one_host_is_not_compared() -> None:
    assert "compared" not in shown(machines())


def test_a_pair_of_smoke_runs_has_figures_bars_and_a_curve() -> None:
    page = read_html(html.render(smoke_pair()))
    pictures = [texts(one[0]) for one in named(page, "svg") if one.get("role") == "img"]
    assert pictures == ["Loss by step", "Memory of each rank at its peak"]
    text = texts(page)
    assert "after: 7.0000 to 6.0000 in 3 steps" in text
    assert "after, rank 1: 2.0 GiB / 1.0 GiB" in text
    in_order(text, "loss falls", "Holds: 1 of 2", "losses are finite")
    outer = [one for one in named(page, "rect") if one.get("class") == "outer"]
    widths = [float(one.get("width", "")) for one in outer]
    assert widths == [pytest.approx(540 * 0.75, abs=0.2), 540]


@pytest.mark.parametrize(
    "losses",
    [(float("nan"),) * 3, (float("inf"), 1.0, float("-inf")), (1e308, -1e308), (1.0, 1.0), (2.0,)],
)
def test_losses_that_cannot_be_drawn_do_no_harm(losses: tuple[float, ...]) -> None:
    ranks = (SmokeRank(0, losses=losses), SmokeRank(1, losses=losses[::-1]))
    run = SmokeRun("run", "failed", "not finite", ranks=ranks)
    smoke = Smoke("failed", (run,))
    page = html.render(Report(Verdict(Status.PROBLEMS, "x"), command="smoke", smoke=smoke))
    read_html(page)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', page)


def test_a_matrix_is_one_table() -> None:
    runs = tuple(SmokeRun(f"zero{n}", "passed" if n else "skipped", "no bf16") for n in range(4))
    smoke = Smoke("passed", runs, matrix=True)
    text = shown(Report(Verdict(Status.CLEAN, "3 of 3"), command="smoke", smoke=smoke))
    in_order(text, "zero0", "skipped", "no bf16", "zero3")
    assert "Loss" not in text
    assert "What was looked at" not in text


def test_few_ranks_have_a_lane_each() -> None:
    page = read_html(html.render(many_ranks(8, 5)))
    lanes = [texts(one[0]) for one in named(page, "g") if len(one) and one[0].tag.endswith("title")]
    assert len(lanes) == 8
    assert lanes[5] == "rank 5 · node-0: AssertionError DSC001 (where it began)"
    assert "Map of" not in texts(page)


def test_many_ranks_have_a_map_and_lanes_by_ending() -> None:
    page = read_html(html.render(many_ranks(512, 301)))
    cells = list(named(page, "use"))
    assert len(cells) == 512
    assert [n for n, one in enumerate(cells) if one.get("href") == "#end-cause"] == [301]
    assert "1 where it began, 511 failed or stopped after it" in texts(page)
    assert "0-300, 302-511" in texts(page)


def test_no_colour_is_needed() -> None:
    """The signs of two kinds differ in shape."""
    page = read_html(html.render(many_ranks(32, 3)))
    shapes = [one.get("d") for one in next(named(page, "defs")).iter() if one.get("d")]
    assert len(shapes) == len(set(shapes)) == 2


def test_512_ranks_are_under_two_megabytes() -> None:
    report = many_ranks(512, 301)
    rows = tuple(replace(row, ended="E" * 500, file="f" * 200) for row in report.ranks)
    assert len(html.render(replace(report, ranks=rows)).encode()) < 2_000_000


def test_65536_ranks_are_folded() -> None:
    page = html.render(many_ranks(65_536, 7))
    assert len(page.encode()) < 2_000_000
    assert "and 61440 more ranks" in page
    assert "<use" not in page


def test_a_cause_on_very_many_ranks_takes_no_time_to_tell() -> None:
    report = many_ranks(65_536, 7)
    root = replace(report.findings[0], ranks=tuple(range(65_536)))
    report = replace(report, verdict=replace(report.verdict, root=root), findings=(root,))
    started = time.perf_counter()
    html.render(report)
    assert time.perf_counter() - started < 20  # a rank-by-rank search takes minutes


def test_a_rank_of_which_nothing_is_known_says_so() -> None:
    report = many_ranks(8, 5)
    row = RankRow(2, ended="left no line in these logs")
    rows = (*report.ranks[:2], row, RankRow(3), *report.ranks[4:])
    text = shown(replace(report, ranks=rows))
    assert "rank 2: left no line in these logs" in text
    assert "rank 3: no word of its end" in text


def axis_for(report: Report) -> Axis | None:
    return axis_of(report, endings(report))


def test_time_where_the_cause_has_one() -> None:
    report = many_ranks(8, 5)
    axis = axis_for(report)
    assert axis is not None
    assert axis.name == "time"
    assert axis.at(report.ranks[4]) == 1
    assert axis.at(report.ranks[5]) == pytest.approx(30 / 44)
    assert [share for share, _ in axis.ticks] == [0, 0.25, 0.5, 0.75, 1]


def test_lines_where_it_has_none() -> None:
    report = many_ranks(8, 5)
    rows = [replace(row, file="job.log") for row in report.ranks]
    rows[5] = replace(rows[5], time=None, last_line=40)
    axis = axis_for(replace(report, ranks=tuple(rows)))
    assert axis is not None
    assert axis.name.startswith("line of the log")
    assert axis.at(rows[5]) == pytest.approx(40 / 107)


def test_steps_where_the_logs_are_many() -> None:
    axis = axis_for(many_ranks(16, 5, timed=False))
    assert axis is not None
    assert axis.name == "last optimizer step"


def test_nothing_is_drawn_of_nothing() -> None:
    report = many_ranks(8, 5, timed=False)
    rows = tuple(replace(row, last_step=None, last_line=0) for row in report.ranks)
    assert axis_for(replace(report, ranks=rows)) is None
    assert "<svg" in html.render(replace(report, ranks=rows))  # the legend's signs


def test_hostile_text_reaches_neither_style_nor_script() -> None:
    """What a runner or a browser would obey is disarmed without touching what has a hash."""
    for name in ("html.css", "html.js"):
        text = (ROOT / "dsdoctor" / "report" / name).read_text()
        assert disarmed_xml(text) == text
        assert "</" not in text


def test_a_remedy_without_anything_to_paste_has_no_empty_block() -> None:
    bare = finding(remedies=(Remedy("Look at the others", "note"),), evidence=())
    page = read_html(html.render(problems(bare)))
    assert "Look at the others" in texts(page)
    assert not list(named(page, "pre"))


@pytest.mark.parametrize("name", ["gpu-four-oom-one-rank", "gpu-uneven-epoch", "hosts-rank-killed"])
def test_captured_jobs_show_their_evidence_in_context(name: str, pack: Pack) -> None:
    paths = [path for path in sorted((CASES / name).rglob("*")) if path.name != "meta.yaml"]
    report = explain(read_material([path for path in paths if path.is_file()], pack), pack)
    whole = with_excerpts(report)
    root = report.verdict.root
    assert root is not None
    first = root.evidence[0]
    log = Path(first.file).read_text().split("\n")
    text = shown(whole)
    assert log[first.line - 2].strip()[:150] in text
    assert f"{len(report.ranks)} ranks ended" in text


@pytest.mark.parametrize("name", ["memory-held", "small-memlock", "healthy"])
def test_captured_machines(name: str) -> None:
    report = read_report(PREFLIGHT / name / "report.json")
    text = shown(report)
    for found in report.findings:
        assert found.title in text
    for result in report.probes:
        assert result.probe in text
