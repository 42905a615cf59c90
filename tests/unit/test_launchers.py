"""The command lines of the launchers, and whose line is whose."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.transport.launchers import (
    LAUNCHERS,
    MPIRUN,
    PDSH,
    SRUN,
    Launcher,
    hosts_of_allocation,
    launcher_named,
)

REMOTE = ["dsdoctor", "scan", "--", "/var/log/my job's $(id);x.log", '/a "b" `c` \\ & | > <.log']


def test_pdsh_quotes_each_word_once() -> None:
    """The remote shell, played here by sh, gets back the very words."""
    *_, hosts, line = PDSH.command(["node-1", "fd00::2"], REMOTE, 60)
    assert hosts == "node-1,ssh:fd00::2"
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines() == REMOTE


def test_pdsh_does_not_fill_in_percent_signs() -> None:
    """It would put the host for %h and the number for %n."""
    *_, line = PDSH.command(["a"], ["dsdoctor", "50%hot.log", "%n", "%%"], 60)
    assert line.replace("%%", "%") == shlex.join(["dsdoctor", "50%hot.log", "%n", "%%"])
    assert "%%h" in line
    assert line.count("%") == 8


@pytest.mark.parametrize("launcher", [SRUN, MPIRUN], ids=lambda item: item.name)
def test_no_shell_no_quotes(launcher: object) -> None:
    """srun and mpirun hand the words on as they are."""
    assert launcher in (SRUN, MPIRUN)
    command = (SRUN if launcher is SRUN else MPIRUN).command(["a", "b"], REMOTE, 60)
    assert command[-len(REMOTE) :] == REMOTE


def test_limits_are_in_the_command() -> None:
    command = PDSH.command(["a"], REMOTE, 42)
    assert command[command.index("-u") + 1] == "42"
    assert "--nodes=2" in SRUN.command(["a", "b"], REMOTE, 42)
    assert "--kill-on-bad-exit=0" in SRUN.command(["a", "b"], REMOTE, 42)


@pytest.mark.parametrize("launcher", LAUNCHERS.values(), ids=lambda item: item.name)
@pytest.mark.parametrize("host", ["-w", "a,b", "a b", "$(id)", "a;b", "", "user@a", "a[1-2]"])
def test_every_launcher_refuses_what_is_no_host(launcher: object, host: str) -> None:
    found = next(item for item in LAUNCHERS.values() if item is launcher)
    with pytest.raises(UsageError):
        found.command(["node-1", host], REMOTE, 60)


def test_labels_of_pdsh() -> None:
    """Only the label in front counts, whatever the host prints after it."""
    hosts = ["node-1", "fd00::2"]
    assert PDSH.pieces("node-1: node-2: x", hosts) == [("node-1", "node-2: x")]
    assert PDSH.pieces("fd00::2: a:b: c", hosts) == [("fd00::2", "a:b: c")]
    assert PDSH.pieces("node-1: ", hosts) == [("node-1", "")]
    line = "pdsh@me: node-1: ssh exited with exit code 255"
    assert PDSH.pieces(line, hosts) == [("", line)]


def test_labels_of_srun() -> None:
    assert SRUN.pieces(" 3: x", ["a"]) == [("3", "x")]
    line = "srun: error: node-2: task 1: Exited with exit code 127"
    assert SRUN.pieces(line, ["a"]) == [("", line)]


def test_labels_of_mpirun_stand_wherever_its_buffer_ended() -> None:
    """As Open MPI 4.1.4 printed it: one line, pieces of two ranks."""
    line = "[1,1]<stdout>:0024AA[1,1]<stdout>:AAA[1,0]<stdout>:0000AAAA"
    found = [("node-2", "0024AA"), ("node-2", "AAA"), ("node-1", "0000AAAA")]
    assert MPIRUN.pieces(line, ["node-1", "node-2"]) == found
    newer = "[prterun-node-1-77@1,0]<stderr>: x"
    assert MPIRUN.pieces(newer, ["node-1", "node-2"]) == [("node-1", "x")]


@pytest.mark.parametrize(
    ("launcher", "line", "host"),
    [
        (
            SRUN,
            "srun: error: Task launch for StepId=6.0 failed on node node-3: "
            "Communication connection failure",
            "node-3",
        ),
        (
            SRUN,
            "srun: error: Unable to create step for job 9: Requested node configuration is not "
            "available",
            None,
        ),
        (SRUN, "srun: error: Unable to allocate resources: Requested nodes are busy", None),
        (SRUN, "srun: Job step aborted: Waiting up to 7 seconds for job step to finish.", None),
        (MPIRUN, "ORTE was unable to reliably start one or more daemons.", None),
        (MPIRUN, "ssh: connect to host node-3 port 22: Connection refused", "node-3"),
        (
            MPIRUN,
            "ssh: Could not resolve hostname node-3: Temporary failure in name resolution",
            "node-3",
        ),
    ],
)
def test_what_a_launcher_says_when_one_host_spoils_all(
    launcher: Launcher, line: str, host: str | None
) -> None:
    """As Slurm 22.05.8 and Open MPI 4.1.4 printed it."""
    assert launcher.gives_up is not None
    match = launcher.gives_up.search(line)
    assert match is not None
    assert match["host"] == host


def test_what_one_task_says_spoils_nothing() -> None:
    assert SRUN.gives_up is not None
    assert not SRUN.gives_up.search("srun: error: node2: task 1: Killed")
    assert PDSH.gives_up is None


def test_nobody_is_asked_for_a_password() -> None:
    """And what the user has set for ssh stays."""
    env = MPIRUN.env({"OMPI_MCA_plm_rsh_args": "-p 2222"})
    assert env["OMPI_MCA_plm_rsh_args"].startswith("-p 2222 -oBatchMode=yes -oConnectTimeout=")
    assert "-oBatchMode=yes" in PDSH.env({})["PDSH_SSH_ARGS_APPEND"]


def test_the_best_launcher_that_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """srun inside an allocation, pdsh elsewhere, mpirun where there is nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="not installed here: pdsh, mpirun"):
        launcher_named(None, {})
    for launcher in (MPIRUN, PDSH, SRUN):
        (tmp_path / launcher.name).write_text("")
        (tmp_path / launcher.name).chmod(0o755)
        assert launcher_named(None, {"SLURM_JOB_NODELIST": "a[1-2]"}) is launcher
    assert launcher_named(None, {}) is PDSH
    assert launcher_named("mpirun", {}) is MPIRUN
    with pytest.raises(UsageError, match="no launcher 'rsh'"):
        launcher_named("rsh", {})


def test_hosts_of_a_slurm_allocation() -> None:
    assert hosts_of_allocation({"SLURM_JOB_NODELIST": "a[1-2]"}) == ["a1", "a2"]
    assert hosts_of_allocation({}) == []
