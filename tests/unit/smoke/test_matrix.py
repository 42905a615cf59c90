"""The table of variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.checks.lint import lint
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.model import Severity
from dsdoctor.smoke.machine import Machine
from dsdoctor.smoke.matrix import (
    VARIANTS,
    Variant,
    comparable,
    config_of,
    variant_request,
    why_not,
)
from dsdoctor.smoke.plan import make_plan
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.sound import spec_of

CPU = Machine(cpus=4)
GPU = Machine(gpus=2, gpu_memory=80 << 30)


def test_names_are_apart() -> None:
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS) == 72
    assert Variant(3, "bf16", "nvme", recompute=True).name == "zero3-bf16-nvme-recompute"
    assert Variant(0, "fp32", "none", recompute=False).name == "zero0-fp32"


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        (Variant(0, "bf16", "cpu", recompute=False), "stage 0"),
        (Variant(2, "bf16", "nvme", recompute=False), "below stage 3"),
        (Variant(2, "fp16", "none", recompute=False), "Type fp16 is not supported"),
    ],
)
def test_what_is_left_out_says_why(variant: Variant, reason: str) -> None:
    assert reason in why_not(variant, CPU)


def test_on_gpus_all_precisions_are_tried() -> None:
    tried = [variant for variant in VARIANTS if not why_not(variant, GPU)]
    # stages 0-3 without offload, 1-3 to the CPU, 3 to NVMe
    assert len(tried) == (4 + 3 + 1) * 3 * 2


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_what_is_tried_lints_without_errors(variant: Variant, tmp_path: Path) -> None:
    if why_not(variant, GPU):
        return
    report = lint([spec_of(config_of(variant, GPU, str(tmp_path)))], load_pack())
    errors = [one for one in report.findings if one.severity.level >= Severity.ERROR.level]
    assert not errors


def test_a_variant_becomes_a_plan(tmp_path: Path) -> None:
    variant = Variant(3, "bf16", "nvme", recompute=True)
    plan = make_plan(variant_request(variant, SmokeRequest(steps=4), GPU, str(tmp_path)), GPU)
    zero = plan.config["zero_optimization"]
    assert (zero["stage"], plan.steps, plan.activation_checkpointing) == (3, 4, True)
    assert len(plan.scratch) == 1
    assert zero["offload_param"]["nvme_path"] == plan.scratch[0]
    assert plan.scratch[0].startswith(str(tmp_path))


def test_groups_differ_in_the_stage_only() -> None:
    groups = list(comparable())
    assert len(groups) == 18
    for group in groups:
        assert list(group) == [0, 1, 2, 3]
        assert len({(one.precision, one.offload, one.recompute) for one in group.values()}) == 1
