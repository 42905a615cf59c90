"""The worker for real: two ranks on the CPU, under configurations that go through the plan."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.smoke.machine import Machine
from dsdoctor.smoke.plan import make_plan
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.sound import spec_of
from tests.conftest import ROOT

NEEDED = [name for name in ("torch", "deepspeed") if importlib.util.find_spec(name) is None]
HUGGING_FACE = [
    name for name in ("transformers", "accelerate") if importlib.util.find_spec(name) is None
]
WORKER = ROOT / "dsdoctor" / "smoke" / "worker" / "train.py"
CPU = Machine(cpus=2)
LIMIT = 600.0
"""Seconds: the first run compiles ops."""

pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ for DeepSpeed's op builds"),
    pytest.mark.xdist_group("live"),
]
long = pytest.mark.skipif(
    not os.environ.get("DSDOCTOR_LONG"), reason="takes a minute more of CI: set DSDOCTOR_LONG=1"
)
hugging_face = pytest.mark.skipif(
    bool(HUGGING_FACE), reason=f"not installed: {', '.join(HUGGING_FACE)}"
)


@dataclass(frozen=True)
class Run:
    """What a run left: its exit status, its log, and the events of each rank."""

    code: int
    log: str
    ranks: tuple[list[dict[str, Any]], ...]

    def of(self, event: str, rank: int = 0) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [one for one in self.ranks[rank] if one["event"] == event]

    def losses(self, rank: int = 0) -> list[float]:
        """Step by step."""
        return [one["loss"] for one in self.of("step", rank)]


def train(folder: Path, config: dict[str, Any], **asked: Any) -> Run:
    """Plan it as for a user, run it with torchrun."""
    folder.mkdir(exist_ok=True)
    spec = spec_of(config, trainer=asked.get("trainer", False))
    request = SmokeRequest(spec.config, spec, **{"steps": 6, "checkpoint": True, **asked})
    plan = make_plan(request, CPU)
    (folder / "plan.json").write_text(json.dumps(plan.document(folder)))
    path = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *(str(WORKER), "--plan", str(folder / "plan.json")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        cwd=folder,
        env={**os.environ, "DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "PATH": path},
    )
    files = sorted(folder.glob("rank-*.jsonl"))
    ranks = [[json.loads(line) for line in file.read_text().splitlines()] for file in files]
    return Run(done.returncode, done.stdout + done.stderr, tuple(ranks))


def zero(stage: int, **block: Any) -> dict[str, Any]:
    return {
        "train_batch_size": 8,
        "train_micro_batch_size_per_gpu": 2,
        "optimizer": {"type": "AdamW", "params": {"lr": 1e-3, "torch_adam": True}},
        "zero_optimization": {"stage": stage, **block},
    }


GATHER = {"stage3_gather_16bit_weights_on_model_save": True}


def check(run: Run, steps: int = 6) -> None:
    """What holds of every run that went well."""
    assert run.code == 0, run.log[-3000:]
    assert len(run.ranks) == 2
    for rank in (0, 1):
        assert run.of("end", rank)[0]["ok"] is True
        assert [one["step"] for one in run.of("step", rank)] == list(range(1, steps + 1))
        assert run.losses(rank)[-1] < run.losses(rank)[0]
        assert run.of("memory", rank)[0]["host_rss"] > 1 << 20
    assert run.of("digest", 0)[0]["value"] == run.of("digest", 1)[0]["value"]


def check_resumed(run: Run, within: float) -> None:
    """The two steps after loading are those of the uninterrupted run."""
    for rank in (0, 1):
        resumed = {one["step"]: one["loss"] for one in run.of("resumed", rank)}
        expected = {step: run.losses(rank)[step - 1] for step in (4, 5)}
        assert resumed == pytest.approx(expected, rel=within)


@pytest.fixture(scope="module")
def unpartitioned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Stage 0 in fp32, with which the other stages must agree."""
    return train(tmp_path_factory.mktemp("zero0"), zero(0))


def test_stage_0(unpartitioned: Run) -> None:
    check(unpartitioned)
    check_resumed(unpartitioned, within=1e-5)


@pytest.mark.parametrize("stage", [2, 3])
def test_stages_train_alike(unpartitioned: Run, tmp_path: Path, stage: int) -> None:
    run = train(tmp_path, zero(stage, **GATHER))
    check(run)
    check_resumed(run, within=1e-5)
    for rank in (0, 1):
        assert run.losses(rank) == pytest.approx(unpartitioned.losses(rank), rel=1e-5)
    if stage == 3:
        (gathered,) = run.of("gathered")
        # 1.8 million parameters in fp32
        assert gathered["keys"] == 29
        assert 7_000_000 < gathered["bytes"] < 8_000_000


@long
def test_offload_and_activation_checkpointing(tmp_path: Path) -> None:
    offload = {name: {"device": "cpu"} for name in ("offload_optimizer", "offload_param")}
    config = {
        **zero(3, **offload),
        "bf16": {"enabled": True},
        "activation_checkpointing": {"partition_activations": False},
    }
    run = train(tmp_path, config)
    check(run)
    check_resumed(run, within=2e-2)


@long
def test_a_gather_without_its_flag_saves_nothing(tmp_path: Path) -> None:
    config = {name: value for name, value in zero(3).items() if name != "optimizer"}
    run = train(tmp_path, config, gather=True, checkpoint=False)
    check(run)
    assert run.of("gathered")[0]["keys"] == 0


@long
@hugging_face
def test_the_trainer_fills_auto(tmp_path: Path) -> None:
    auto = dict.fromkeys(("lr", "betas", "eps", "weight_decay"), "auto")
    config = {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": 2,
        "bf16": {"enabled": "auto"},
        "optimizer": {"type": "AdamW", "params": {**auto, "lr": 1e-3, "torch_adam": True}},
        "zero_optimization": {"stage": 3, "reduce_bucket_size": "auto", **GATHER},
    }
    run = train(tmp_path, config, trainer=True, checkpoint=False)
    check(run)
    assert run.of("gathered")[0]["keys"] == 21


@long
@hugging_face
def test_accelerate_trains_as_the_plain_job_does(unpartitioned: Run, tmp_path: Path) -> None:
    config = {**zero(2), "train_batch_size": "auto", "gradient_accumulation_steps": 2}
    run = train(tmp_path, config, launcher="accelerate")
    check(run)
    check_resumed(run, within=1e-5)
    assert run.losses() == pytest.approx(unpartitioned.losses(), rel=1e-5)


@long
@hugging_face
def test_a_model_directory_gives_the_sizes(tmp_path: Path) -> None:
    config = {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128}
    config |= {"num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 300}
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = train(tmp_path / "run", zero(3), model_directory=tmp_path, sequence=32)
    check(run)
    check_resumed(run, within=1e-5)
