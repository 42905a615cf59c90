"""``--rank-logs`` with the real launchers: a file for each rank, and the verdict from them."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from tests.run.stage import on_pipes, run

SCRIPT = """
import os, time
rank = int(os.environ["RANK"])
print("hello from", rank, flush=True)
if rank == 1:
    raise ValueError("boom")
time.sleep(30)
"""
LAUNCHERS = {
    "torchrun": ("torch", "torch.distributed.run", "--nproc_per_node=2"),
    "deepspeed": ("deepspeed", "deepspeed.launcher.runner", "--num_gpus=2"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="it compares what Linux does")
@pytest.mark.parametrize("name", LAUNCHERS)
def test_each_rank_has_its_own(tmp_path: Path, name: str) -> None:
    package, module, ranks = LAUNCHERS[name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    script, report, folder = tmp_path / "job.py", tmp_path / "report.json", tmp_path / "run"
    script.write_text(SCRIPT)
    job = (sys.executable, "-m", module, ranks, str(script))
    argv = run(folder, "--rank-logs", "--format", f"json:{report}")
    seen = on_pipes((*argv, *job), DS_ACCELERATOR="cpu")
    assert os.waitstatus_to_exitcode(seen.status) == 1
    texts = [path.read_text() for path in (folder / "ranks").rglob("*.log")]
    for rank in (0, 1):
        assert sum(f"hello from {rank}" in text for text in texts) == 1
    assert (b"[default1]:hello from 1" in seen.out) is (name == "torchrun")
    root = json.loads(report.read_text())["verdict"]["root"]
    assert root["ranks"] == [1]
    assert "boom" in root["message"]


def test_a_command_without_such_a_launcher_is_not_started(tmp_path: Path) -> None:
    seen = on_pipes((*run(tmp_path / "run", "--rank-logs"), "touch", str(tmp_path / "ran")))
    assert os.waitstatus_to_exitcode(seen.status) == 2
    assert b"torchrun and deepspeed do" in seen.err
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "run").exists()
