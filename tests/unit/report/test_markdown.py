"""A comment under a pull request."""

from __future__ import annotations

import re

import pytest

from dsdoctor.model import Evidence, Remedy, Report, Severity, Status, Verdict
from dsdoctor.report import markdown
from dsdoctor.report.markdown_text import code_span, fence, prose
from tests.unit.report.consumers import read_markdown
from tests.unit.report.reports import dead_job, fallout, finding, machines, problems


def test_verdict_evidence_and_fix_are_open_the_rest_is_folded() -> None:
    text = markdown.render(dead_job(fallout()))
    read_markdown(text)
    order = [
        "### ❌ dsdoctor explain: **DSC001** The batch sizes",
        "32 is not 4 x 1 x 2",
        "**Evidence**",
        "job.log:26 │ AssertionError: 32 != 4 * 1 * 2",
        '```json\n{"train_batch_size": null}',
        "<details>\n<summary>Why",
        "<summary>What followed: 1",
        "<summary>Other ways out: 1",
        "```sh\ndeepspeed train.py",
        "<summary>The whole report",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_a_clean_report_is_short() -> None:
    text = markdown.render(problems())
    read_markdown(text)
    assert text.startswith("### ✅ dsdoctor lint: 0 problems\n")


def test_an_inconclusive_one_is_neither_good_nor_bad() -> None:
    report = Report(Verdict(Status.INCONCLUSIVE, "the log ends early"))
    assert markdown.render(report).startswith("### ❔")


def test_a_machine_shows_where() -> None:
    text = markdown.render(machines())
    read_markdown(text)
    assert "**Where** node-1" in text
    assert "gpu-memory" in text


def test_many_findings_fit() -> None:
    """Five in full, a line for each of the others, and blocks are never cut."""
    many = [
        finding(
            f"DSC{number:03}",
            severity=Severity.WARNING,
            message="`@" * 1000,
            evidence=tuple(Evidence(f"{line}.log", line, "`" * 300) for line in range(50)),
            remedies=tuple(Remedy("x", "code", code="y\n" * 100) for _ in range(20)),
        )
        for number in range(100)
    ]
    text = markdown.render(problems(*many))
    tokens = read_markdown(text)
    assert len(text) > 30_000
    assert "<summary>95 more" in text
    assert re.search(r"\n- and \d+ more\n", text)
    assert "shortened to fit" in text
    assert sum(token.type == "html_block" for token in tokens) % 2 == 0


def test_a_small_limit_holds() -> None:
    text = markdown.render(dead_job(fallout()), limit=900)
    read_markdown(text)
    assert len(text) <= 900


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("train_batch_size", r"train\_batch\_size"),
        ("a\nb", "a b"),
        ("1. one", r"1\. one"),
        ("12) one", r"12\) one"),
        ("- one", r"\- one"),
        ("/close", r"\/close"),
        ("@team", "@\u200bteam"),
        ("#12", "\\#\u200b12"),
        ("http://x", "http:\u200b//x"),
        ("4 x 1 x 2 != 8", "4 x 1 x 2 != 8"),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_code_is_longer_fenced_than_anything_in_it() -> None:
    assert code_span("a``b") == "```a``b```"
    assert code_span("`a`") == "`` `a` ``"
    assert fence(["````"]) == "`````text\n````\n`````"
    assert fence([]) == "```text\n```"
