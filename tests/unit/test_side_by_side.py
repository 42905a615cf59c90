"""The comparison with other tools judges every tool by the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluate import HEALTHY
from benchmarks.side_by_side import Answer, Labelled, judge, table

GUILTY = frozenset({1})
FAILED = Labelled(Path("job.log"), "a", "captured", "oom-host", ("sigkill",), 40, GUILTY)
CALM = Labelled(Path("job.log"), "b", HEALTHY, HEALTHY, (), 0, frozenset())


@pytest.mark.parametrize(
    ("answer", "cause", "line"),
    [
        (Answer("certain", "SIGKILL hit it", (9, 43)), True, True),
        (Answer("certain", "connection closed", (44,)), False, False),
        (Answer("RESTART"), False, False),
    ],
)
def test_cause_and_line(answer: Answer, cause: bool, line: bool) -> None:
    score = judge(FAILED, answer, 3).score
    assert (score.cause, score.line, score.right) == (cause, line, cause and line)


@pytest.mark.parametrize(
    ("ranks", "named", "wrong"),
    [({1}, True, False), ({0}, False, True), ({0, 1}, False, True), (set(), False, False)],
)
def test_ranks(ranks: set[int], named: bool, wrong: bool) -> None:
    """Naming nobody is neither right nor wrong."""
    judged = judge(FAILED, Answer("certain", "x", (), frozenset(ranks)), 3)
    assert (judged.guilty_named, judged.wrong_rank) == (named, wrong)


def test_an_accused_healthy_log_is_counted_apart() -> None:
    results = [judge(CALM, Answer("", "x", accuses=accuses), 3) for accuses in (True, False)]
    assert table({"tool": results}).splitlines()[-1].startswith("| healthy | tool | 2 |")
    assert "| 1 of 2 |" in table({"tool": results})
