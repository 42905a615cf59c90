"""A log for each rank: what is put into the launcher's command or environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.witness.rank_logs import with_rank_logs

FOLDER = Path("/runs/one")


def added(line: str, **environment: str) -> tuple[str, dict[str, str]]:
    argv, variables = with_rank_logs(line.split(), FOLDER, environment)
    return " ".join(argv), variables


@pytest.mark.parametrize(
    "line",
    ["torchrun --nproc_per_node 2 train.py", "python -m torch.distributed.run train.py -t"],
)
def test_torchrun_shows_and_writes(line: str) -> None:
    if line.endswith("-t"):  # the script's own, or the user's: nothing to be sure of
        assert added(line) == (line, {})
    else:
        assert added(line) == (line, {"PET_TEE": "3"})


@pytest.mark.parametrize("option", ["--tee 1", "--redirects=3", "-t 2"])
def test_what_torchrun_was_told_stays(option: str) -> None:
    line = f"torchrun {option} train.py"
    assert added(line) == (line, {})
    assert added("torchrun train.py", PET_TEE="1") == ("torchrun train.py", {})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deepspeed --num_gpus 2 t.py", "deepspeed {} --num_gpus 2 t.py"),
        ("/opt/bin/deepspeed t.py", "/opt/bin/deepspeed {} t.py"),
        ("python -m deepspeed.launcher.runner t.py", "python -m deepspeed.launcher.runner {} t.py"),
    ],
)
def test_deepspeed_is_told_in_its_command(line: str, expected: str) -> None:
    option = "--enable_each_rank_log=/runs/one/ranks"
    assert added(line) == (expected.format(option), {})
    own = "deepspeed --enable_each_rank_log logs t.py"
    assert added(own) == (own, {})


@pytest.mark.parametrize("line", ["python train.py", "srun python train.py", "make train"])
def test_others_cannot(line: str) -> None:
    with pytest.raises(UsageError, match="writes a log for each rank"):
        added(line)
