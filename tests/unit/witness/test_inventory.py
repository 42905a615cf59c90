"""What is written about a run: useful things, no secrets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import Completed
from dsdoctor.witness.inventory import (
    FACTS,
    START,
    chosen_variables,
    python_of,
    without_secrets,
    write_facts,
    write_start,
)
from dsdoctor.witness.kernel_messages import FILE, kernel_messages, uptime
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_packages import FakePackages

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"


def test_only_what_matters_is_kept() -> None:
    environment = {
        "NCCL_IB_HCA": "mlx5_0", "CUDA_VISIBLE_DEVICES": "0,1", "MASTER_ADDR": "node-1",
        "SLURM_JOB_ID": "77", "DS_ACCELERATOR": "cpu", "RANK": "0", "PYTHONPATH": "/x",
        "EDITOR": "vi", "WANDB_API_KEY": "0" * 40, "HF_TOKEN": TOKEN, "SLURM_JWT_TOKEN": "x",
        "TORCH_SECRET": "y", "PS1": "$", "TOKENIZERS_PARALLELISM": "false",
    }  # fmt: skip
    assert list(chosen_variables(environment)) == [
        "CUDA_VISIBLE_DEVICES", "DS_ACCELERATOR", "MASTER_ADDR", "NCCL_IB_HCA", "PYTHONPATH",
        "RANK", "SLURM_JOB_ID", "TOKENIZERS_PARALLELISM",
    ]  # fmt: skip


def test_secrets_are_taken_out_and_hosts_stay() -> None:
    line = f"train.py --hub_token {TOKEN} --host node-17.example.org"
    assert TOKEN not in without_secrets(line)
    assert without_secrets(line).endswith("--host node-17.example.org")
    assert TOKEN not in chosen_variables({"HF_HUB_ARGS": f"a {TOKEN}"})["HF_HUB_ARGS"]
    assert without_secrets("a\nb \udcff") == "a b \ufffd"


def test_the_start_is_one_json_file(tmp_path: Path) -> None:
    write_start(tmp_path, ["deepspeed", "t.py", "--token", TOKEN], {"B": "1"}, {"RANK": "1"})
    text = (tmp_path / START).read_text()
    facts = json.loads(text)
    assert TOKEN not in text
    assert facts["launcher"] == "deepspeed"
    assert (facts["environment"], facts["set_by_dsdoctor"]) == ({"RANK": "1"}, {"B": "1"})
    assert [path.name for path in tmp_path.iterdir()] == [START]


class NoGpus:
    """A machine without a driver."""

    def inventory(self) -> object:
        """Says so."""
        raise NoDriver("no NVIDIA driver here")


def test_what_cannot_be_found_out_says_why(tmp_path: Path) -> None:
    host = FakeHost(files={"/proc/meminfo": "MemTotal: 5 kB\n"})
    write_facts(tmp_path, host, NoGpus(), FakePackages({"torch": "2.9.0"}))  # type: ignore[arg-type]
    facts = json.loads((tmp_path / FACTS).read_text())
    assert facts["versions"]["torch"] == "2.9.0"
    assert facts["gpus"] == {"unavailable": "no NVIDIA driver here"}
    assert facts["memory"] == ["MemTotal: 5 kB"]


def test_the_python_of_a_command(tmp_path: Path) -> None:
    script = tmp_path / "deepspeed"
    for head, found in (
        (b"#!/opt/env/bin/python3.11\nimport sys\n", "/opt/env/bin/python3.11"),
        (b"#!/usr/bin/env bash\n", sys.executable),
        (b"\x7fELF\0\0", sys.executable),
    ):
        script.write_bytes(head)
        script.chmod(0o755)
        assert python_of(["deepspeed"], str(tmp_path)) == found
    assert python_of([sys.executable, "t.py"], None) == sys.executable
    assert python_of(["not-there"], str(tmp_path)) == sys.executable


@pytest.mark.parametrize("text", ["", "x y"])
def test_an_unknown_uptime_is_nothing(text: str) -> None:
    assert uptime(FakeHost(files={"/proc/uptime": text})) == 0.0


def test_only_what_the_kernel_said_since_the_start_is_kept(tmp_path: Path) -> None:
    dmesg = "[   10.5] Out of memory: Killed process 1 (old)\n[  100.1] new\n continued\n"
    host = FakeHost(commands={"dmesg": Completed(0, dmesg, "")})
    assert kernel_messages(host, 100.0, tmp_path) == ""
    assert (tmp_path / FILE).read_text() == "[  100.1] new\n continued\n"
    assert "rights" in kernel_messages(
        FakeHost(commands={"dmesg": Completed(1, "", "no")}), 0, tmp_path
    )
    assert "not installed" in kernel_messages(FakeHost(), 0, tmp_path)
