"""A minute of real fuzzing over all targets. docs/fuzzing.md says how for hours."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fuzz.registry import MODULES

SECONDS_EACH = 2
SEEDS_EACH = 100


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="needs atheris: pip install atheris"
)
def test_nothing_breaks(tmp_path: Path) -> None:
    """No exception but ours, no input over its time, no more memory than allowed."""
    options = [
        f"--seeds={SEEDS_EACH}",
        f"-max_total_time={SECONDS_EACH}",
        "-print_final_stats=1",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.fuzz", *options],
        cwd=ROOT,
        capture_output=True,
        timeout=600,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    broken = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert (done.returncode, broken) == (0, {}), said[-5000:]
    executed = [int(count) for count in re.findall(r"executed_units:\s*(\d+)", said)]
    assert len(executed) == len(MODULES), said[-5000:]
    assert min(executed) > 10
