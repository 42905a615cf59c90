"""What must hold of a run, on runs where one thing does not."""

from __future__ import annotations

from math import inf, nan

import pytest

from dsdoctor.smoke.judge import judge, tolerance
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.records import RankRecord
from tests.unit.smoke.runs import PLAN, plan, rank


def wrong(ranks: list[RankRecord], what: Plan = PLAN) -> dict[str, str]:
    """The checks that fail, with what they say."""
    return {check.name: check.detail for check in judge(what, ranks) if not check.ok}


def test_nothing_is_wrong_with_a_good_run() -> None:
    assert wrong([rank(0), rank(1)]) == {}
    names = [check.name for check in judge(PLAN, [rank(0), rank(1)])]
    assert names == [
        "every rank reports", "every rank ends", "finite loss", "falling loss",
        "same parameters on all ranks",
    ]  # fmt: skip


def test_a_silent_rank() -> None:
    assert wrong([rank(0)]) == {"every rank reports": "1 of 2 ranks reported; silent: rank 1"}


def test_no_rank_at_all() -> None:
    assert set(wrong([])) == {"every rank reports", "every rank ends"}


def test_a_rank_that_stopped() -> None:
    late = rank(1, steps=[1], losses=[5.0], seconds=[1.0], phase="train", ended=False)
    told = wrong([rank(0), late])
    assert told == {"every rank ends": "rank 1 stopped in train after 1 steps"}


@pytest.mark.parametrize("bad", [nan, inf])
def test_a_loss_that_is_not_finite(bad: float) -> None:
    told = wrong([rank(0), rank(1, losses=[5.0, bad, 4.25, 4.0])])
    assert told == {"finite loss": f"rank 1, step 2: {bad}"}


def test_infinities_of_both_signs() -> None:
    told = wrong([rank(0, losses=[5.0, inf, 4.25, 4.0]), rank(1, losses=[5.0, -inf, 4.25, 4.0])])
    assert told == {"finite loss": "rank 0, step 2: inf"}


def test_a_skipped_step_may_overflow_but_not_all() -> None:
    one = rank(1, losses=[inf, 4.5, 4.25, 4.0], skipped=[1])
    assert wrong([rank(0), one]) == {}
    told = wrong([rank(0), rank(1, skipped=[1, 2, 3, 4])])
    assert told == {"optimizer steps": "4 of 4 skipped for overflow"}


def test_a_loss_that_does_not_fall_on_the_mean_of_the_ranks() -> None:
    up = [4.0, 4.5, 4.75, 5.5]
    assert wrong([rank(0), rank(1, losses=up)]) == {"falling loss": "4.5 → 4.75"}
    assert wrong([rank(0), rank(1, losses=[4.0, 4.5, 4.5, 4.5])]) == {}


def test_too_few_steps_to_say_whether_it_falls() -> None:
    short = [rank(n, steps=[1, 2], losses=[4.0, 5.0], seconds=[1.0, 1.0]) for n in (0, 1)]
    assert wrong(short, plan(steps=2)) == {}


def test_ranks_that_hold_other_parameters() -> None:
    told = wrong([rank(0), rank(1, digest="cd")])
    assert told == {"same parameters on all ranks": "rank 1 differs from rank 0"}


def test_a_resumed_loss() -> None:
    saving = plan(save_at=2)
    good = [rank(0, resumed=(3, 4.2501)), rank(1, resumed=(3, 4.25))]
    assert wrong(good, saving) == {}
    bad = [rank(0, resumed=(3, 4.4)), rank(1)]
    told = wrong(bad, saving)
    assert told == {"resumed loss": "rank 0, step 3: 4.4 after loading, 4.25 else"}
    assert wrong(bad, plan(save_at=2, config={"bf16": {"enabled": True}})) == {
        "resumed loss": "rank 0, step 3: 4.4 after loading, 4.25 else"
    }
    assert "no rank loaded" in wrong([rank(0), rank(1)], saving)["resumed loss"]


def test_a_model_that_was_not_gathered() -> None:
    told = wrong([rank(0), rank(1)], plan(gather=True))
    assert told == {"16-bit model gathered": "0 tensors"}
    assert wrong([rank(0, gathered=3), rank(1)], plan(gather=True)) == {}


def test_half_precision_is_allowed_more() -> None:
    assert tolerance({}) < tolerance({"bf16": {"enabled": True}})
    assert tolerance({"fp16": {"enabled": False}}) == tolerance({})
