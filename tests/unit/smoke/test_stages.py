"""Runs that differ in the ZeRO stage: which losses are equal enough."""

from __future__ import annotations

import pytest

from dsdoctor.smoke.result import SmokeResult
from dsdoctor.smoke.stages import stages_agree
from tests.unit.smoke.runs import plan, rank, result

LOSSES = [5.0, 4.5, 4.25, 4.0]
BF16 = plan(config={"bf16": {"enabled": True}})


def run(*, by: float = 0.0, bf16: bool = False) -> SmokeResult:
    """A run whose third loss is off by so much of itself."""
    losses = [loss * (1 + by * (at == 2)) for at, loss in enumerate(LOSSES)]
    made = result(ranks=(rank(0, losses=losses),))
    return result(ranks=made.ranks, plan=BF16) if bf16 else made


def test_equal_but_for_rounding() -> None:
    assert stages_agree({0: run(), 2: run(by=2e-5)}).ok


def test_one_that_trains_otherwise_is_named() -> None:
    check = stages_agree({0: run(), 2: run(by=2e-5), 3: run(by=0.012)})
    assert not check.ok
    assert check.detail.startswith("stage 3 against 2: 1.2e-02")


def test_a_stage_without_losses_agrees_with_none() -> None:
    assert not stages_agree({0: run(), 1: result(ranks=())}).ok


@pytest.mark.parametrize(("stages", "ok"), [((0, 1), True), ((1, 2), False)])
def test_the_empty_step_of_stage_0_is_allowed_for_there_only(
    stages: tuple[int, int], ok: bool
) -> None:
    low, high = stages
    assert stages_agree({low: run(bf16=True), high: run(by=0.03, bf16=True)}).ok is ok


def test_stage_0_in_fp32_is_held_to_rounding() -> None:
    assert not stages_agree({0: run(), 1: run(by=0.001)}).ok
