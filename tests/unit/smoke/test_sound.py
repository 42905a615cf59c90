"""The configuration that is tried where the user has none."""

from __future__ import annotations

import pytest

from dsdoctor.checks.lint import lint
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.smoke.machine import Machine, this_machine
from dsdoctor.smoke.plan import make_plan
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.sound import sound_config, sound_trainer_config, spec_of

MACHINES = [Machine(cpus=2), Machine(gpus=2, gpu_memory=1 << 36), Machine(gpus=1, bf16=False)]


@pytest.mark.parametrize("machine", MACHINES)
def test_it_lints_clean_of_errors(machine: Machine) -> None:
    report = lint([spec_of(sound_config(machine))], load_pack())
    assert [item.code for item in report.findings if item.severity.name in ("ERROR", "FATAL")] == []


def test_no_bf16_where_the_gpu_has_none() -> None:
    assert sound_config(MACHINES[1])["bf16"]["enabled"] is True
    assert sound_config(MACHINES[2])["bf16"]["enabled"] is False


def test_the_variable_hides_the_gpus() -> None:
    machine = this_machine(4, 1 << 36, environment={"DS_ACCELERATOR": "cpu"})
    assert (machine.device, machine.gpus, machine.gpu_memory) == ("cpu", 0, None)
    assert this_machine(4, 1 << 36, environment={}).device == "cuda"


def test_the_trainer_gets_one_to_fill() -> None:
    spec = spec_of(sound_trainer_config(), trainer=True)
    report = lint([spec], load_pack())
    assert [item.code for item in report.findings if item.severity.name in ("ERROR", "FATAL")] == []
    plan = make_plan(SmokeRequest(trainer=True), MACHINES[0])
    assert plan.config["train_batch_size"] == "auto"
    assert plan.arguments == {
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "learning_rate": 1e-3,
        "bf16": True,
    }
