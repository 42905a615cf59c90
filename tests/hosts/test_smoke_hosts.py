"""``dsdoctor smoke`` over hosts: pdsh and sshd under the deepspeed launcher, srun in Slurm."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.smoke.folder import PREFIX
from dsdoctor.smoke.processes import MARK
from tests.conftest import ROOT
from tests.hosts import namespaces, slurm
from tests.hosts.namespaces import Host
from tests.hosts.slurm import Cluster

NEEDED = [name for name in ("torch", "deepspeed") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ for DeepSpeed's op builds"),
    pytest.mark.skipif(
        not os.environ.get("DSDOCTOR_LONG"), reason="trains several times: set DSDOCTOR_LONG=1"
    ),
    pytest.mark.xdist_group("live"),
]
hosts_needed = pytest.mark.skipif(
    bool(namespaces.missing()), reason=f"needs hosts: {namespaces.missing()}"
)
slurm_needed = pytest.mark.skipif(bool(slurm.missing()), reason=f"needs Slurm: {slurm.missing()}")
CONFIG = {
    "train_micro_batch_size_per_gpu": 2,
    "gradient_clipping": 1.0,
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-3, "torch_adam": True}},
    "zero_optimization": {"stage": 2},
}
SMOKE = (sys.executable, "-m", "dsdoctor", "smoke", "ds_config.json", "--format", "json")
TIMEOUT = 400.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What all hosts see: a configuration, two host files, and the user's variables."""
    (tmp_path / "ds_config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "hosts").write_text("node-1 slots=1\nnode-2 slots=1\n")
    (tmp_path / ".deepspeed_env").write_text("GLOO_SOCKET_IFNAME=eth0\n")
    return tmp_path


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Two hosts with sshd, and a third that is down."""
    folder = tmp_path_factory.mktemp("hosts")
    with namespaces.hosts(3, folder) as found:
        for host in found[:2]:
            host.start_sshd(folder / "keys", {"PATH": os.environ["PATH"]})
        yield found


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    return {**kept, "PYTHONPATH": str(ROOT), "PDSH_RCMD_TYPE": "ssh"}


def smoke(entrance: Sequence[str], options: Sequence[str], project: Path) -> dict[str, Any]:
    """The report of a run, which must leave nothing in the project and nobody behind."""
    done = subprocess.run(
        [*entrance, *SMOKE, *options],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode in (0, 1), done.stderr
    assert_nothing_is_left(project)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_nothing_is_left(project: Path) -> None:
    assert not list(project.glob(f"{PREFIX}*"))
    deadline = time.monotonic() + 20  # the other host's last process may still be on its way out
    while left := workers(project):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def workers(project: Path) -> list[str]:
    """Ranks of the run, on whichever host: they are all in this machine's process table."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environ = path.read_bytes()
            line = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"{MARK}=".encode() in environ and f"{project}/{PREFIX}" in line:
            found.append(line)
    return found


@hosts_needed
def test_two_hosts_train_together(hosts: list[Host], project: Path) -> None:
    report = smoke(hosts[0].enter(cwd=project), ("--hostfile", "hosts"), project)
    assert report["smoke"]["outcome"] == "passed", report["smoke"]["reason"]
    ranks = report["smoke"]["ranks"]
    assert [(rank["rank"], rank["host"]) for rank in ranks] == [(0, "node-1"), (1, "node-2")]
    assert ranks[0]["steps"] == ranks[1]["steps"] > 0


@hosts_needed
def test_a_host_that_is_down_is_named(hosts: list[Host], project: Path) -> None:
    (project / "hosts").write_text("node-1 slots=1\nnode-3 slots=1\n")
    report = smoke(hosts[0].enter(cwd=project), ("--hostfile", "hosts"), project)
    assert report["smoke"]["outcome"] in ("failed", "hung")
    root = report["verdict"]["root"]
    assert root["hosts"] == ["node-3"], root["message"]


@hosts_needed
def test_ended_in_the_middle_it_ends_the_other_host_too(hosts: list[Host], project: Path) -> None:
    argv = [*hosts[0].enter(cwd=project), *SMOKE, "--hostfile", "hosts", "--steps", "5000"]
    process = subprocess.Popen(argv, cwd=project, env=environment(), stdout=subprocess.PIPE)
    deadline = time.monotonic() + TIMEOUT
    while len(workers(project)) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    own = next(iter(_children(process.pid)), process.pid)
    os.kill(own, signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["smoke"]["outcome"] == "interrupted"
    assert_nothing_is_left(project)


def _children(pid: int) -> list[int]:
    """nsenter forks to enter a process namespace."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes of a Slurm cluster."""
    with slurm.cluster(2, tmp_path_factory.mktemp("slurm")) as found:
        yield found


@slurm_needed
def test_srun_starts_a_rank_on_each_node(cluster: Cluster, project: Path) -> None:
    entrance = ["env", f"SLURM_CONF={cluster.conf}", "salloc", "--quiet", "--nodes=2"]
    report = smoke(entrance, ("--launcher", "srun"), project)
    assert report["smoke"]["outcome"] == "passed", report["smoke"]["reason"]
    ranks = report["smoke"]["ranks"]
    assert [(rank["rank"], rank["host"]) for rank in ranks] == [(0, "node1"), (1, "node2")]


@slurm_needed
def test_srun_shows_what_breaks(cluster: Cluster, project: Path) -> None:
    wrong = {**CONFIG, "train_batch_size": 63}
    (project / "ds_config.json").write_text(json.dumps(wrong))
    entrance = ["env", f"SLURM_CONF={cluster.conf}", "salloc", "--quiet", "--nodes=2"]
    report = smoke(entrance, ("--launcher", "srun", "--anyway"), project)
    assert (report["smoke"]["outcome"], report["smoke"]["code"]) == ("failed", "DSC001")
    assert report["verdict"]["root"]["code"] == "DSC001"


def test_srun_without_an_allocation(project: Path) -> None:
    argv = [*SMOKE, "--launcher", "srun"]
    done = subprocess.run(
        argv, cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Slurm allocation" in done.stderr
