"""From a configuration to what is run: features stay, sizes shrink, changes are told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.checks.batch import adds_up, completed, triangle
from dsdoctor.errors import UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.examples import EXAMPLES, example
from dsdoctor.job.parallel import data_parallel_size
from dsdoctor.job.syntax.parser import parse
from dsdoctor.smoke.machine import Machine
from dsdoctor.smoke.plan import Plan, make_plan
from dsdoctor.smoke.request import SmokeRequest

CPU = Machine(cpus=4)
TWO = Machine(gpus=2, gpu_memory=80 << 30, cpus=16)
ZERO2: dict[str, Any] = {"zero_optimization": {"stage": 2}, "optimizer": {"type": "AdamW"}}


def planned(
    config: dict[str, Any], machine: Machine = CPU, world: int | None = None, **asked: Any
) -> Plan:
    document = parse(json.dumps(config), "ds_config.json")
    sources = Sources(world_size=world, trainer=asked.get("trainer", False))
    return make_plan(SmokeRequest(document, assemble(document, sources), **asked), machine)


def fits(plan: Plan) -> bool:
    """Would DeepSpeed accept the batch sizes of the plan on its ranks?"""
    document = parse(json.dumps(dict(plan.config)), "planned")
    spec = assemble(document, Sources(world_size=plan.world_size))
    ranks = data_parallel_size(spec)
    assert ranks is not None
    whole = completed(triangle(spec), ranks)
    return whole is not None and adds_up(whole, ranks)


@pytest.mark.parametrize(
    ("sizes", "world"),
    [
        ((512, 8, 8), 8),
        ((512, 8, None), 16),
        ((512, None, 4), 16),
        ((None, 16, 4), None),
        ((256, None, None), 32),
        ((16, 8, 1), None),
    ],
)
def test_batch_sizes_that_fit_there_fit_here(
    sizes: tuple[int | None, int | None, int | None], world: int | None
) -> None:
    plan = planned({**batch(*sizes), **ZERO2}, world=world)
    assert fits(plan)
    assert plan.micro_batch == 2
    assert set(plan.config) == {*batch(*sizes), *ZERO2}
    assert len([change for change in plan.changes if "batch" in change])


@pytest.mark.parametrize(
    ("sizes", "world"),
    [
        ((64, 1, 8), 2),
        ((65, 1, 8), None),
        ((8, 4, 1), 8),  # would be right by accident on 2 ranks
        ((100, 8, 3), 16),
        ((7, 2, None), 3),
        ((3, None, None), 16),
    ],
)
def test_batch_sizes_that_are_wrong_there_are_wrong_here(
    sizes: tuple[int | None, int | None, int | None], world: int | None
) -> None:
    plan = planned({**batch(*sizes), **ZERO2}, world=world)
    assert not fits(plan)
    assert any("do not fit" in note for note in plan.notes)


def test_on_a_cpu_sizes_that_fit_some_ranks_are_of_a_job_with_those() -> None:
    plan = planned({**batch(64, 1, 8), **ZERO2})
    assert fits(plan)
    assert any("fit 8 ranks" in note for note in plan.notes)


def test_on_gpus_the_job_has_the_ranks_of_the_machine_unless_told() -> None:
    plan = planned({**batch(64, 1, 8), **ZERO2}, TWO)
    assert not fits(plan)
    assert any("would fit 8 ranks" in note and "--world-size" in note for note in plan.notes)
    assert fits(planned({**batch(64, 1, 8), **ZERO2}, TWO, world=8))


def test_wrong_batch_sizes_stay_as_written_on_as_many_ranks() -> None:
    plan = planned({**batch(64, 1, 8), **ZERO2}, world=2)
    assert {name: plan.config[name] for name in batch(64, 1, 8)} == batch(64, 1, 8)


def batch(train: int | None, micro: int | None, steps: int | None) -> dict[str, int]:
    sizes = {
        "train_batch_size": train,
        "train_micro_batch_size_per_gpu": micro,
        "gradient_accumulation_steps": steps,
    }
    return {name: size for name, size in sizes.items() if size is not None}


def test_no_batch_size_stays_none() -> None:
    plan = planned(ZERO2)
    assert dict(plan.config) == ZERO2
    assert plan.micro_batch == 1


def test_auto_outside_the_trainer_stays_auto() -> None:
    config = {"train_batch_size": "auto", "train_micro_batch_size_per_gpu": 4, **ZERO2}
    assert dict(planned(config).config) == config


@pytest.mark.parametrize("size", [0, -1, 1e308, "x", None, [], True, 10**30])
def test_impossible_batch_sizes_stay_as_written(size: Any) -> None:
    config = {"train_batch_size": size, "train_micro_batch_size_per_gpu": size, **ZERO2}
    plan = planned(config, world=3)
    assert dict(plan.config) == config
    assert plan.micro_batch >= 1


def test_auto_under_accelerate_is_left_to_it() -> None:
    config = {"train_batch_size": "auto", "train_micro_batch_size_per_gpu": 16, **ZERO2}
    plan = planned(config, launcher="accelerate")
    assert plan.kind == "accelerate"
    assert plan.config["train_batch_size"] == "auto"
    assert plan.config["train_micro_batch_size_per_gpu"] == plan.micro_batch == 2


def test_the_stated_micro_batch_counts() -> None:
    plan = planned({**batch(512, 8, 8), **ZERO2}, world=8, micro_batch=6)
    assert plan.micro_batch == plan.config["train_micro_batch_size_per_gpu"] == 6
    assert fits(plan)


def test_true_size_keeps_the_micro_batch() -> None:
    plan = planned({**batch(512, 32, 2), **ZERO2}, TWO, world=8, gpu_memory=40 << 30)
    assert plan.micro_batch == 32
    assert plan.gpu_memory_fraction == pytest.approx(0.5)


def test_every_feature_stays() -> None:
    config = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_clipping": 0.5,
        "fp16": {"enabled": True, "initial_scale_power": 8},
        "activation_checkpointing": {"partition_activations": True},
        "optimizer": {"type": "Lamb", "params": {"lr": 3e-4}},
        "scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": 100}},
        "zero_optimization": {
            "stage": 3,
            "reduce_bucket_size": 5e8,
            "offload_param": {"device": "cpu", "pin_memory": True},
        },
        "something_of_their_own": {"x": [1, 2]},
    }
    plan = planned(config)
    assert dict(plan.config) == config
    assert plan.activation_checkpointing
    assert plan.changes == ("model: a GPT of 2 layers, hidden 256, sequence 64, on synthetic data",)


def test_what_writes_elsewhere_or_costs_is_switched_off() -> None:
    config = {
        **batch(None, 1, None),
        **ZERO2,
        "wandb": {"enabled": True, "project": "theirs"},
        "flops_profiler": {"enabled": True},
        "tensorboard": {"enabled": False},
    }
    plan = planned(config)
    assert plan.config["wandb"] == {"enabled": False, "project": "theirs"}
    assert plan.config["flops_profiler"]["enabled"] is False
    assert "wandb.enabled true → false (it writes elsewhere)" in plan.changes
    assert not any("tensorboard" in change for change in plan.changes)


def test_the_users_configuration_is_not_touched() -> None:
    document = parse(json.dumps({**batch(512, 8, 8), **ZERO2}), "ds_config.json")
    before = json.dumps(document.data)
    make_plan(SmokeRequest(document, assemble(document, Sources(world_size=8))), CPU)
    assert json.dumps(document.data) == before


def test_the_stage_can_be_set() -> None:
    plan = planned({**batch(None, 1, None), **ZERO2}, stage=3)
    assert plan.config["zero_optimization"]["stage"] == 3
    assert "zero_optimization.stage 2 → 3 (--stage)" in plan.changes
    bare = planned(batch(None, 1, None), stage=1)
    assert bare.config["zero_optimization"] == {"stage": 1}


@pytest.mark.parametrize(
    ("block", "expected"),
    [({}, "torch_adamw"), ({"offload_optimizer": {"device": "cpu"}}, "cpu_adam")],
)
def test_without_an_optimizer_the_script_brings_one(block: dict[str, Any], expected: str) -> None:
    plan = planned({**batch(None, 1, None), "zero_optimization": {"stage": 2, **block}})
    assert plan.client_optimizer == expected
    assert any("No optimizer" in note for note in plan.notes)


def test_gather_where_the_configuration_provides_for_it() -> None:
    flag = {"stage3_gather_16bit_weights_on_model_save": True}
    config = {**batch(None, 1, None), "zero_optimization": {"stage": 3, **flag}}
    assert planned(config).gather
    assert not planned({**config, "zero_optimization": {"stage": 3}}).gather
    assert planned({**config, "zero_optimization": {"stage": 3}}, gather=True).gather


@pytest.mark.parametrize(("steps", "at"), [(10, 5), (4, 2), (3, 1), (2, 1), (1, None)])
def test_the_checkpoint_leaves_steps_to_take_again(steps: int, at: int | None) -> None:
    plan = planned({**batch(None, 1, None), **ZERO2}, steps=steps, checkpoint=True)
    assert plan.save_at == at


def test_plan_json_is_what_the_worker_reads(tmp_path: Path) -> None:
    plan = planned({**batch(None, 1, None), **ZERO2}, checkpoint=True)
    document = json.loads(json.dumps(plan.document(tmp_path)))
    assert document["schema"] == "dsdoctor.smoke-plan/1"
    assert document["folder"] == str(tmp_path)
    assert document["checkpoint"] == {"save_at": 5, "resume": True}
    assert document["config"] == dict(plan.config)
    assert document["model"]["hidden"] == 256


AUTO: dict[str, Any] = {
    "train_batch_size": "auto",
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "bf16": {"enabled": "auto"},
    "optimizer": {"type": "AdamW", "params": {"lr": "auto", "betas": [0.8, 0.9]}},
    "zero_optimization": {"stage": 2},
}


def test_auto_is_left_to_the_trainer() -> None:
    plan = planned(AUTO, trainer=True)
    assert dict(plan.config) == AUTO
    assert plan.kind == "trainer"
    assert plan.micro_batch == plan.arguments["per_device_train_batch_size"] == 2
    assert plan.arguments["bf16"] is True
    assert plan.arguments["adam_beta1"] == 0.8


def test_batch_sizes_and_arguments_shrink_together() -> None:
    numbers = {**AUTO, **batch(256, 8, 4)}
    plan = planned(numbers, world=8, trainer=True)
    assert plan.arguments["per_device_train_batch_size"] == 2
    assert plan.arguments["gradient_accumulation_steps"] == 4
    assert {name: plan.config[name] for name in batch(1, 1, 1)} == batch(16, 2, 4)


def test_a_contradiction_of_arguments_stays(tmp_path: Path) -> None:
    path = tmp_path / "arguments.json"
    path.write_text('{"per_device_train_batch_size": 4, "report_to": "wandb"}')
    document = parse(json.dumps({**AUTO, **batch(None, 8, None)}), "ds_config.json")
    spec = assemble(document, Sources(training_args=path))
    plan = make_plan(SmokeRequest(document, spec), CPU)
    assert plan.config["train_micro_batch_size_per_gpu"] == 8
    assert dict(plan.arguments) == {"per_device_train_batch_size": 4}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("machine", [CPU, TWO])
def test_every_example_makes_a_plan(name: str, machine: Machine) -> None:
    config = json.loads(example(name))
    plan = planned(config, machine, trainer=name.startswith("trainer"))
    assert plan.config.keys() == config.keys()
    assert plan.kind != "plain" or fits(plan)


def test_no_configuration_takes_a_sound_one() -> None:
    plan = make_plan(SmokeRequest(), CPU)
    assert fits(plan)
    assert plan.config["zero_optimization"]["stage"] == 2


@pytest.mark.parametrize(
    ("asked", "machine", "message"),
    [
        ({"gpus": 0}, TWO, "no job runs on 0 GPUs"),
        ({"gpus": 3}, TWO, "3 GPUs are asked for, this machine shows 2"),
        ({"gpu_memory": 1 << 30}, CPU, "--gpu-memory needs a GPU"),
        ({"gpu_memory": 100 << 30}, TWO, "asks for 100 GiB, the GPU has 80 GiB"),
        ({"hidden": 200}, CPU, "hidden size 200"),
    ],
)
def test_what_cannot_be_run_is_one_clear_error(
    asked: dict[str, Any], machine: Machine, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        make_plan(replace(SmokeRequest(), **asked), machine)


def test_ranks() -> None:
    assert make_plan(SmokeRequest(), CPU).world_size == 2
    assert make_plan(SmokeRequest(gpus=3), CPU).world_size == 3
    assert make_plan(SmokeRequest(), Machine(gpus=8, gpu_memory=1 << 34)).world_size == 8


def test_ranks_of_a_host_file(tmp_path: Path) -> None:
    hosts = tmp_path / "hostfile"
    hosts.write_text("one slots=4\ntwo slots=4\n")
    assert make_plan(SmokeRequest(hostfile=hosts), TWO).world_size == 8
    assert make_plan(SmokeRequest(hostfile=hosts, gpus=2), TWO).world_size == 4
    in_slurm = SmokeRequest(launcher="srun", hosts=("n1", "n2"))
    assert make_plan(in_slurm, TWO).world_size == 4
    assert make_plan(in_slurm, CPU).world_size == 2
    assert make_plan(SmokeRequest(launcher="srun", hosts=("n1",)), CPU).world_size == 2
