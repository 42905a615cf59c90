"""Logs on the nodes of a Slurm allocation, read there through srun."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dsdoctor.transport.launchers import hosts_of_allocation
from tests.conftest import ROOT
from tests.hosts import slurm
from tests.hosts.slurm import Cluster

pytestmark = [
    pytest.mark.skipif(bool(slurm.missing()), reason=f"needs Slurm: {slurm.missing()}"),
    pytest.mark.xdist_group("slurm"),
]
long = pytest.mark.skipif(
    not os.environ.get("DSDOCTOR_LONG"), reason="Slurm takes its time: set DSDOCTOR_LONG=1"
)
CASE = ROOT / "fixtures" / "cases" / "hosts-clock-skew"
SCRIPT = f"""#!/bin/sh
cd / && PYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m dsdoctor "$@"
"""
HANGS = "#!/bin/sh\n[ $SLURMD_NODENAME = node3 ] && exec sleep 600\n"
ODD_NAME = "50%N a b'c\"d; $(touch pwned) %n.log"
DOWN_FIRST = 'scontrol update NodeName=node3 State=DOWN Reason=test && exec "$@"'


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes: the first two have their own log of one job, the third has none."""
    folder = tmp_path_factory.mktemp("slurm")
    with slurm.cluster(3, folder) as found:
        (folder / "dsdoctor").write_text(SCRIPT)
        (folder / "slow").write_text(HANGS + SCRIPT)
        for program in (folder / "dsdoctor", folder / "slow"):
            program.chmod(0o755)
        for number, node in enumerate(found.nodes, 1):
            (node.folder / "logs").mkdir()
            if number < 3:
                for name in ("job.log", ODD_NAME):
                    shutil.copy(CASE / f"node-{number}.log", node.folder / "logs" / name)
        yield found


@pytest.fixture
def cluster(bench: Cluster) -> Iterator[Cluster]:
    """The same for each test, whatever the one before did to it."""
    yield bench
    bench.recover()


def explain(cluster: Cluster, *more: str, program: str = "dsdoctor") -> list[str]:
    """The command that a user types on the login node or in a batch script."""
    remote = str(cluster.conf.parent / program)
    command = [
        sys.executable,
        "-m",
        "dsdoctor",
        "explain",
        "--format",
        "json",
        "--launcher",
        "srun",
    ]
    named = any(item.startswith("/") for item in more)
    logs = [] if named else [str(cluster.disk / "logs" / "job.log")]
    return ["env", f"PYTHONPATH={ROOT}", *command, "--remote-command", remote, *more, *logs]


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The report that a run printed, which found the one cause of this job."""
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    root = found["verdict"]["root"]
    assert (root["code"], root["ranks"], "truck" in root["message"]) == ("DSX001", [1], True)
    return found


def silent(found: dict[str, Any]) -> list[str]:
    """The notes on nodes without an answer."""
    return [note for note in found["coverage"]["notes"] if note.split(": ")[0] == "node3"]


def test_each_node_reads_its_own_log(cluster: Cluster) -> None:
    """One verdict; the node without a log says so itself. The node list comes as a range."""
    listed = cluster.run("salloc", "-Q", "-N3", "env").stdout
    env = dict(line.split("=", 1) for line in listed.splitlines() if line.startswith("SLURM_"))
    assert env["SLURM_JOB_NODELIST"] == "node[1-3]"
    assert hosts_of_allocation(env) == ["node1", "node2", "node3"]
    found = report(cluster.run("salloc", "-Q", "-N3", *explain(cluster)))
    assert found["verdict"]["root"]["evidence"][0]["file"] == f"node2:{cluster.disk}/logs/job.log"
    assert (found["coverage"]["files"], found["coverage"]["ranks_seen"]) == (2, [0, 1])
    (note,) = silent(found)
    assert "no such file or folder" in note


def test_within_a_batch_script_that_asked_for_more_tasks(cluster: Cluster) -> None:
    """Its own --ntasks-per-node, --cpus-per-task and the like do not multiply the readers."""
    out = cluster.conf.parent / "batch.out"
    err = cluster.conf.parent / "batch.err"
    script = f"exec {shlex.join(explain(cluster))}"
    options = ("-N3", "-n12", "--ntasks-per-node=4", "--cpus-per-task=2", "--distribution=cyclic")
    done = cluster.run(
        "sbatch", "--wait", *options, "-o", str(out), "-e", str(err), "--wrap", script
    )
    finished = subprocess.CompletedProcess("", done.returncode, out.read_text(), err.read_text())
    assert report(finished)["coverage"]["files"] == 2


def test_names_of_files_reach_the_nodes_as_they_are(cluster: Cluster) -> None:
    """srun fills in %N and %n only in names of its own output."""
    path = str(cluster.disk / "logs" / ODD_NAME)
    found = report(cluster.run("salloc", "-Q", "-N2", *explain(cluster, path)))
    assert found["coverage"]["files"] == 2
    assert not list(cluster.conf.parent.rglob("pwned"))


def test_a_folder_that_all_nodes_share_is_read_once(cluster: Cluster) -> None:
    """The files of one job: the verdict and the counts are those of reading them here."""
    found = report(cluster.run("salloc", "-Q", "-N3", *explain(cluster, str(CASE))))
    alone = explain(cluster, str(CASE))
    del alone[alone.index("--launcher") : alone.index("--launcher") + 2]
    here = report(cluster.run(*alone))
    assert found["coverage"]["files"] == here["coverage"]["files"] == 2
    assert found["coverage"]["lines"] == here["coverage"]["lines"]
    assert found["verdict"] == here["verdict"]
    notes = [note for note in found["coverage"]["notes"] if "shared" in note]
    assert [note.split(":")[0] for note in notes] == ["node1, node2, node3"]


@long
@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_a_slurmd_that_does_not_answer(cluster: Cluster, signal: str) -> None:
    """srun ends the whole step for it; the other nodes are asked again without that one."""
    node = cluster.nodes[2]
    started = time.monotonic()
    node.signal_slurmd(signal)
    try:
        command = explain(cluster, "--host-timeout", "60")
        found = report(cluster.run("salloc", "-Q", "-N3", "--no-kill", *command, timeout=200))
    finally:
        if signal == "KILL":
            cluster.start_slurmd(node)
        else:
            node.signal_slurmd("CONT")
    # the bound is twice 75 s; Slurm gives up after 10 to 20
    assert time.monotonic() - started < 150
    assert found["coverage"]["files"] == 2
    (note,) = silent(found)
    assert "failed on node node3" in note


def test_a_node_that_went_down_in_the_allocation(cluster: Cluster) -> None:
    """srun refuses the step without a word on which node it is."""
    wrapped = ("sh", "-c", DOWN_FIRST, "sh", *explain(cluster))
    found = report(cluster.run("salloc", "-Q", "-N3", "--no-kill", *wrapped))
    assert found["coverage"]["files"] == 2
    (note,) = silent(found)
    assert "Unable to create step" in note


@long
def test_a_drained_node_without_an_allocation(cluster: Cluster) -> None:
    """With a host file srun asks for the nodes itself; it must not wait for one that is drained."""
    hostfile = cluster.conf.parent / "hosts"
    hostfile.write_text("node2 slots=1\nnode3 slots=1\n")
    cluster.mark("node3", "DRAIN")
    started = time.monotonic()
    log = str(cluster.disk / "logs" / "job.log")
    done = cluster.run(*explain(cluster, "--hostfile", str(hostfile), log), timeout=200)
    assert time.monotonic() - started < 120
    (note,) = silent(report(done))
    assert "not available (down, drained or reserved)" in note


@long
def test_a_reader_that_hangs_is_given_up(cluster: Cluster) -> None:
    """And nothing of it is left on the node."""
    command = explain(cluster, "--host-timeout", "5", program="slow")
    started = time.monotonic()
    found = report(cluster.run("salloc", "-Q", "-N3", *command))
    assert time.monotonic() - started < 60
    assert silent(found) == ["node3: no answer in 20 s"]
    cluster.wait_idle()
    left = cluster.run("ps", "-eo", "args").stdout.splitlines()
    assert "sleep 600" not in left


def test_nobody_answers(cluster: Cluster) -> None:
    """That is no healthy job but an error, in one sentence."""
    command = explain(cluster)
    command[command.index("--remote-command") + 1] = "no-such-program"
    done = cluster.run("salloc", "-Q", "-N3", *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no host answered" in done.stderr
    assert "no-such-program is not there" in done.stderr
    assert "--remote-command" in done.stderr


def test_without_an_allocation(cluster: Cluster) -> None:
    done = cluster.run(*explain(cluster))
    assert (done.returncode, done.stdout) == (2, "")
    assert "run inside a Slurm allocation" in done.stderr


def test_an_allocation_that_is_over(cluster: Cluster) -> None:
    """The shell still has its variables."""
    granted = cluster.run("salloc", "-N3", "--no-shell").stderr.split()[-1]
    cluster.run("scancel", granted)
    cluster.wait_idle()
    env = ("env", f"SLURM_JOB_ID={granted}", "SLURM_JOB_NODELIST=node[1-3]")
    done = cluster.run(*env, *explain(cluster))
    assert (done.returncode, done.stdout) == (2, "")
    assert "expired" in done.stderr.lower()


def test_mpirun_takes_the_way_of_the_allocation(cluster: Cluster) -> None:
    """Open MPI starts its daemons by srun where it finds itself in an allocation."""
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed")
    hostfile = cluster.conf.parent / "hosts"
    hostfile.write_text("node1 slots=1\nnode2 slots=1\n")
    log = str(cluster.disk / "logs" / "job.log")
    command = explain(cluster, "--hostfile", str(hostfile), log)
    command[command.index("--launcher") + 1] = "mpirun"
    found = report(cluster.run("salloc", "-Q", "-N2", *command))
    assert found["coverage"]["files"] == 2


def test_preflight_looks_at_every_node(cluster: Cluster) -> None:
    """The same probes on each, one report; a node whose slurmd died is named."""
    remote = str(cluster.conf.parent / "dsdoctor")
    own = [sys.executable, "-m", "dsdoctor", "preflight", "--format", "json"]
    more = ["--launcher", "slurm", "--remote-command", remote, "--skip", "versions,rendezvous"]
    command = ["env", f"PYTHONPATH={ROOT}", *own, *more]
    found = json.loads(cluster.run("salloc", "-Q", "-N3", *command).stdout)
    assert found["coverage"]["notes"] == ["3 of 3 hosts answered"]
    assert {item["host"] for item in found["probes"]} == {"node1", "node2", "node3"}
    cluster.nodes[2].signal_slurmd("KILL")
    try:
        done = cluster.run("salloc", "-Q", "-N3", "--no-kill", *command, timeout=200)
    finally:
        cluster.start_slurmd(cluster.nodes[2])
    found = json.loads(done.stdout)
    (silent,) = [item for item in found["findings"] if item["code"] == "DSH020"]
    assert (done.returncode, silent["hosts"]) == (1, ["node3"])
    assert found["coverage"]["notes"] == ["2 of 3 hosts answered"]
