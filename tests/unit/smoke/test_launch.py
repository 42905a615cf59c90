"""Command lines and environments of runs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.smoke import needs
from dsdoctor.smoke.folder import RunFolder
from dsdoctor.smoke.launch import WORKER, Launch, launch_of
from dsdoctor.smoke.needs import check_needs, find_python, ops_of
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.request import SmokeRequest
from tests.unit.smoke.runs import PLAN, plan

ASK = SmokeRequest(python="/venv/bin/python")
OFFLOAD = {"zero_optimization": {"offload_optimizer": {"device": "cpu"}}}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path, "mark", tmp_path / "tmp")


@pytest.fixture(autouse=True)
def no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def launch(folder: RunFolder, what: Plan = PLAN, **asked: Any) -> Launch:
    return launch_of(what, replace(ASK, **asked), folder)


def test_every_launcher_runs_the_worker_with_the_plan(folder: RunFolder) -> None:
    modules = {
        "deepspeed": "deepspeed.launcher.runner",
        "torchrun": "torch.distributed.run",
        "accelerate": "accelerate.commands.launch",
    }
    for launcher, module in modules.items():
        argv = launch(folder, launcher=launcher).argv
        assert argv[:3] == ("/venv/bin/python", "-m", module)
        assert argv[-3:] == (str(WORKER), "--plan", str(folder.path / "plan.json"))


def test_deepspeed_stays_on_this_host(folder: RunFolder) -> None:
    """/job/hostfile, its default, must not be read."""
    argv = launch(folder).argv
    (hostfile,) = [item for item in argv if item.startswith("--hostfile=")]
    assert not Path(hostfile.partition("=")[2]).exists()
    assert "--num_gpus=2" in argv


def test_visible_devices_are_named_as_the_launcher_wants_them(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --num_gpus the launcher would use GPUs 0 and 1."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3,5")
    argv = launch(folder, plan(device="cuda")).argv
    assert "--include=localhost:2,3" in argv
    assert not [item for item in argv if item.startswith("--num_gpus")]


def test_a_hostfile_goes_to_the_deepspeed_launcher_only(folder: RunFolder) -> None:
    argv = launch(folder, hostfile=Path("hosts"), gpus=4).argv
    assert {"--hostfile=hosts", "--num_gpus=4"} <= set(argv)
    with pytest.raises(UsageError, match="torchrun does not reach other hosts"):
        launch(folder, hostfile=Path("hosts"), launcher="torchrun")


def test_the_ranks_of_other_hosts_get_what_they_need(folder: RunFolder) -> None:
    env = launch(folder, hostfile=Path("hosts")).env
    lines = Path(env["DS_ENV_FILE"]).read_text().splitlines()
    assert {"DSDOCTOR_SMOKE=mark", "DS_ACCELERATOR=cpu"} <= set(lines)
    assert "DS_ENV_FILE" not in launch(folder).env


def test_srun_gets_a_task_for_each_rank(folder: RunFolder) -> None:
    asked = launch(folder, plan(world_size=6), launcher="srun", hosts=("n1", "n2", "n3"))
    argv = asked.argv
    assert argv[0] == "srun"
    assert {"--nodes=3", "--ntasks=6", "--ntasks-per-node=2", "--kill-on-bad-exit=1"} <= set(argv)
    assert argv[-5:] == ("/venv/bin/python", "-u", str(WORKER), "--plan", argv[-1])
    assert asked.env["MASTER_ADDR"] == "n1"
    assert asked.remote


def test_the_environment_is_the_users_and_ours(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("NCCL_DEBUG", "INFO")
    env = launch(folder).env
    assert (env["OMP_NUM_THREADS"], env["NCCL_DEBUG"]) == ("7", "INFO")
    assert (env["DSDOCTOR_SMOKE"], env["TMPDIR"]) == ("mark", str(folder.temporary))
    assert env["DS_ACCELERATOR"] == "cpu"
    assert env["PATH"].endswith(f"{os.pathsep}/venv/bin")
    assert "DS_ACCELERATOR" not in launch(folder, plan(device="cuda")).env


def test_accelerate_gets_a_file_of_its_own(folder: RunFolder) -> None:
    launch(folder, plan(device="cuda"), launcher="accelerate")
    text = (folder.path / "accelerate.yaml").read_text()
    assert "distributed_type: DEEPSPEED" in text
    assert "num_processes: 2" in text


class Answers:
    """A Python that has what it is told to have."""

    def __init__(self, *there: str, ops: tuple[str, ...] = ()) -> None:
        self.answer = {"there": dict.fromkeys(there, True), "ops": list(ops)}

    def __call__(self, python: str) -> dict[str, Any]:
        """In place of the question to a child process."""
        assert python == ASK.python
        return self.answer


BOTH = ("torch", "deepspeed")


@pytest.mark.parametrize(
    ("there", "what", "asked", "missing"),
    [
        ((), PLAN, {}, "torch"),
        (("torch",), PLAN, {}, "deepspeed"),
        (BOTH, plan(kind="trainer"), {}, "transformers"),
        ((*BOTH, "transformers"), plan(kind="trainer"), {}, "accelerate"),
        (BOTH, PLAN, {"launcher": "accelerate"}, "accelerate"),
        (BOTH, PLAN, {"model_directory": Path()}, "transformers"),
    ],
)
def test_a_missing_package_is_named_with_its_command(
    there: tuple[str, ...],
    what: Plan,
    asked: dict[str, Any],
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(needs, "_ask", Answers(*there))
    with pytest.raises(UsageError, match=f"^{missing} is not installed") as caught:
        check_needs(what, replace(ASK, **asked), os.environ)
    assert f"/venv/bin/python -m pip install {missing}" in caught.value.hint


def test_offload_needs_ninja_and_a_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "_ask", Answers(*BOTH))
    env = {"PATH": str(tmp_path), "TORCH_EXTENSIONS_DIR": str(tmp_path / "cache")}
    with pytest.raises(UsageError, match="ninja is not installed"):
        check_needs(plan(device="cuda", config=OFFLOAD), ASK, env)
    program(tmp_path / "ninja")
    with pytest.raises(UsageError, match=r"no C\+\+ compiler: DeepSpeed cannot build cpu_adam"):
        check_needs(plan(device="cuda", config=OFFLOAD), ASK, env)
    built = tmp_path / "cache/py311_cpu/cpu_adam/cpu_adam.so"
    built.parent.mkdir(parents=True)
    built.touch()
    check_needs(plan(device="cuda", config=OFFLOAD), ASK, env)


def test_ops_that_came_with_deepspeed_need_no_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "_ask", Answers(*BOTH, ops=("cpu_adam",)))
    check_needs(plan(device="cuda", config=OFFLOAD), ASK, {"PATH": str(tmp_path)})


def program(path: Path) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_which_ops_a_configuration_needs() -> None:
    assert list(ops_of(PLAN)) == ["deepspeed_shm_comm"]
    assert list(ops_of(plan(device="cuda"))) == []
    assert list(ops_of(plan(device="cuda", config=OFFLOAD))) == ["cpu_adam"]
    nvme = {"zero_optimization": {"offload_param": {"device": "nvme"}}}
    assert list(ops_of(plan(device="cuda", config=nvme))) == ["async_io"]
    assert list(ops_of(plan(device="cuda", config={"zero_optimization": 3}))) == []


def test_a_python_that_is_none() -> None:
    with pytest.raises(UsageError, match="no such Python"):
        find_python("/nowhere/python")
    with pytest.raises(UsageError, match="does not run"):
        needs._ask("/bin/false")
    assert find_python(sys.executable) == sys.executable


def test_this_python_is_asked_for_real() -> None:
    answer = needs._ask(sys.executable)
    assert set(answer["there"]) == {"torch", "deepspeed", "transformers", "accelerate"}
