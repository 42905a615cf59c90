"""Real runs on this machine: a fault injected now, with the installed DeepSpeed, is explained.

They prove that rules still fit the library, which captured logs cannot. The first run compiles an
op of DeepSpeed and takes about a minute.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.discover import discover
from dsdoctor.model import Report, Status
from tests.conftest import ROOT

NEEDED = [name for name in ("torch", "deepspeed") if importlib.util.find_spec(name) is None]
CAPTURE = ROOT / "fixtures" / "capture" / "run.py"
EXPECTED = yaml.safe_load((ROOT / "tests" / "cases" / "expected.yaml").read_text())

pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ for DeepSpeed's op builds"),
    pytest.mark.xdist_group("live"),
]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two failing jobs and a healthy one, run now with the environment of the tests."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "venvs").mkdir()
    (folder / "venvs" / "ds").symlink_to(sys.prefix, target_is_directory=True)
    slugs = ["batch-triangle", "rank-error-keyerror", "zero2"]
    command = [sys.executable, str(CAPTURE), "--for-tests", "--out", str(folder), "--venvs"]
    done = subprocess.run(
        [*command, str(folder / "venvs"), "--only", *slugs],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def report_of(folder: Path, pack: Pack) -> Report:
    return explain(read_material(discover([str(folder)]).paths, pack), pack)


@pytest.mark.parametrize("slug", ["batch-triangle", "rank-error-keyerror"])
def test_a_fault_injected_now_is_named(captured: Path, pack: Pack, slug: str) -> None:
    """The same code as for the captured log, on the line that the scenario finds by itself."""
    folder = captured / "cases" / slug
    meta = yaml.safe_load((folder / "meta.yaml").read_text())
    root = report_of(folder, pack).verdict.root
    assert root is not None
    assert root.code == EXPECTED[slug]["code"]
    assert any(abs(item.line - meta["root_line"]) <= 3 for item in root.evidence)


def test_a_healthy_job_run_now_is_left_alone(captured: Path, pack: Pack) -> None:
    report = report_of(captured / "healthy" / "zero2", pack)
    assert report.verdict.status is Status.HEALTHY
    assert report.verdict.root is None
