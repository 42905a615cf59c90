"""lint against DeepSpeed itself: what DeepSpeed refuses is an error, and nothing else is.

Thousands of generated configurations are given to both. ``DSDOCTOR_JUDGE`` may name the Python of
another environment, with another version of DeepSpeed. The long run is
``python -m benchmarks.differential``.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator

import pytest

from dsdoctor.job.examples import EXAMPLES, example
from dsdoctor.knowledge.pack import Pack
from tests.differential.comparison import Comparison
from tests.differential.opinion import Doctor
from tests.differential.oracle import Bench
from tests.differential.tables import disagreements, figures
from tests.differential.trial import plain_trial, trainer_trial

JUDGE = os.environ.get("DSDOCTOR_JUDGE", sys.executable)
OWN = sys.executable == JUDGE
NEEDED = [name for name in ("deepspeed", "torch") if importlib.util.find_spec(name) is None]
CONFIGURATIONS, TRAINER_CONFIGURATIONS = 3000, 80
EVERY = 10
"""Of so many configurations, one is trained and not only read."""

TARGET = 0.99

pytestmark = [
    pytest.mark.skipif(OWN and bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.xdist_group("differential"),
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Two judges."""
    with Bench(JUDGE) as judges:
        yield judges


@pytest.fixture(scope="module")
def doctor(bench: Bench, pack: Pack) -> Doctor:
    """Lint for the judges' version of DeepSpeed."""
    return Doctor(pack, bench.versions["deepspeed"])


@pytest.fixture(scope="module")
def plain(bench: Bench, doctor: Doctor) -> Comparison:
    """Configurations for ``deepspeed.initialize``."""
    return plain_trial(bench, doctor, count=CONFIGURATIONS, seed=1, every=EVERY)


@pytest.fixture(scope="module")
def trainer(bench: Bench, doctor: Doctor) -> Comparison:
    """Configurations for the Hugging Face Trainer."""
    if OWN:
        pytest.importorskip("transformers")
    return trainer_trial(bench, doctor, count=TRAINER_CONFIGURATIONS, seed=1)


def told(name: str, comparison: Comparison) -> str:
    lines = disagreements(comparison, limit=20, text=False)
    return "\n".join((figures(name, comparison), *lines))


def show(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print it also where the test passes."""
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def test_lint_agrees_with_deepspeed(plain: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    show(capsys, figures("plain initialize", plain))
    assert plain.recall().value >= TARGET, told("plain initialize", plain)
    assert plain.precision().value >= TARGET, told("plain initialize", plain)


def test_lint_agrees_with_the_trainer(
    trainer: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    show(capsys, figures("Trainer", trainer))
    assert trainer.recall().value >= TARGET, told("Trainer", trainer)
    assert trainer.precision().value >= TARGET, told("Trainer", trainer)


def test_lint_never_crashes(plain: Comparison, trainer: Comparison) -> None:
    assert [item.opinion.crash for item in (*plain.crashes, *trainer.crashes)] == []


def test_the_judge_decides_nearly_all(plain: Comparison) -> None:
    undecided = len(plain.results) - len(plain.decided)
    assert undecided <= len(plain.results) * 0.01


def test_what_nobody_changed_is_sound(plain: Comparison) -> None:
    """Else the figures would not be about mistakes."""
    unchanged = [item for item in plain.results if not item.case.changes]
    assert len(unchanged) > CONFIGURATIONS // 20
    assert [item.answer.message for item in unchanged if item.answer.raised] == []


def test_about_half_is_wrong(plain: Comparison) -> None:
    failed = sum(item.answer.raised for item in plain.decided)
    assert 0.3 < failed / len(plain.decided) < 0.7


def test_a_judge_that_dies_is_replaced(bench: Bench) -> None:
    judge = bench.judges[0]
    judge.process.kill()
    question = {"op": "judge", "text": '{"train_batch_size": 1}', "world": 1}
    assert judge.ask(question).lost
    assert judge.ask(question).stage == ""


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith("trainer-")])
def test_the_examples_train(bench: Bench, name: str) -> None:
    """What ``lint --example`` prints, as it is, on one rank."""
    answer = bench.judges[0].ask({"op": "judge", "text": example(name), "world": 1, "train": True})
    assert (answer.stage, answer.message) == ("", "")
