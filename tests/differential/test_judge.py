"""The judge's own proofs: what has no effect, and what does."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.differential.oracle import Answer, Judge

NEEDED = [name for name in ("deepspeed", "torch") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.xdist_group("differential"),
]

SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"fp16": {"enabled": True}},
    {"bf16": {"enabled": True}, "zero_optimization": {"stage": 1}},
    {"zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}}},
    {"zero_optimization": {"stage": 3}},
)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """One judge."""
    one = Judge(sys.executable)
    yield one
    one.close()


def job(kind: str, scheduler: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    optimizer = {"type": kind, "params": {"lr": 1e-4, **params}}
    config = {"train_micro_batch_size_per_gpu": 2, "optimizer": optimizer}
    allowed = {"zero_allow_untested_optimizer": True}
    return {**config, **allowed, **({"scheduler": scheduler} if scheduler else {})}


def has_no_effect(judge: Judge, config: dict[str, Any], key: str) -> bool:
    question = {"op": "ignored", "text": json.dumps(config), "world": 2, "key": key}
    return judge.ask(question).ignored


DECAY = {"type": "WarmupDecayLR", "params": {"total_num_steps": 100}}
FOLLOWS = {"type": "WarmupCosineLR", "params": {"total_num_steps": 100, "warmup_num_steps": 2}}
CYCLE = {"type": "OneCycle", "params": {"cycle_min_lr": 1e-5, "cycle_max_lr": 1e-4}}


@pytest.mark.parametrize("setting", SETTINGS, ids=json.dumps)
@pytest.mark.parametrize("kind", ["AdamW", "SGD"])
def test_a_rate_that_the_scheduler_overwrites(
    judge: Judge, setting: dict[str, Any], kind: str
) -> None:
    assert has_no_effect(judge, job(kind, DECAY) | setting, "optimizer.params.lr")
    assert not has_no_effect(judge, job(kind, FOLLOWS) | setting, "optimizer.params.lr")


def test_betas_that_the_scheduler_overwrites(judge: Judge) -> None:
    key, betas = "optimizer.params.betas", [0.9, 0.95]
    assert has_no_effect(judge, job("AdamW", CYCLE, betas=betas), key)
    assert not has_no_effect(judge, job("AdamW", DECAY, betas=betas), key)


def test_a_mode_that_only_adam_looks_at(judge: Judge) -> None:
    key, params = "optimizer.params.adam_w_mode", {"adam_w_mode": False, "weight_decay": 0.1}
    offload = SETTINGS[3]
    for setting in ({}, offload):
        assert has_no_effect(judge, job("AdamW", **params) | setting, key)
        assert not has_no_effect(judge, job("Adam", **params) | setting, key)


def test_a_shape_of_the_warmup_that_does_not_exist(judge: Judge) -> None:
    key = "scheduler.params.warmup_type"
    for name, unknown in (("cosine", True), ("linear", False)):
        scheduler = {"type": "WarmupLR", "params": {"warmup_type": name}}
        assert has_no_effect(judge, job("AdamW", scheduler), key) is unknown


def test_a_job_that_fails_proves_nothing(judge: Judge) -> None:
    config = job("AdamW", DECAY, weight_decay="much")
    assert not has_no_effect(judge, config, "optimizer.params.lr")


@pytest.mark.parametrize("value", [[0.9], {}, "1e-8", None])
def test_kernels_refuse_what_is_no_number(judge: Judge, value: Any) -> None:
    answer = trained(judge, job("AdamW", eps=value))
    assert (answer.stage, answer.exception) == ("step", "TypeError")


def test_training_goes_on_until_fp16_takes_a_step(judge: Judge) -> None:
    config = job("SparseAdam") | {"fp16": {"enabled": True}, "zero_optimization": {"stage": 1}}
    assert "dense gradients" in trained(judge, config).message


def trained(judge: Judge, config: dict[str, Any]) -> Answer:
    question = {"op": "judge", "text": json.dumps(config), "world": 1, "train": True}
    return judge.ask(question)
