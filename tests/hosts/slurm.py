"""A Slurm cluster to try things on: all its nodes are this machine.

Each node is a slurmd with its own process table, host name and view of one folder, ``disk``; so a
node can be killed with all that runs on it. Configuration, keys, sockets and state lie in a folder
of the test, the ports are free ones, and the machine's own Slurm, if there is one, is left alone.
Everything runs below first processes that end when we do, see ``namespaces.first_process``.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.namespaces import call, first_process

TOOLS = ("munged", "slurmctld", "slurmd", "sinfo", "srun", "salloc", "sbatch", "scontrol")
KINDS = ("--mount", "--uts", "--pid")
PATIENCE = 60.0
"""Seconds that the cluster may take to do what it is told."""


@dataclass(frozen=True)
class Node:
    """One node: ``pid`` is its first process as we see it, ``folder`` its own disk."""

    name: str
    pid: int
    folder: Path

    def enter(self, *argv: str) -> list[str]:
        """The command that runs ``argv`` on this node as if from its console."""
        return ["nsenter", f"--target={self.pid}", *KINDS, *argv]

    def signal_slurmd(self, name: str) -> None:
        """Send ``KILL``, ``STOP`` or ``CONT`` to its slurmd; what that started goes on."""
        number = (self.folder / "slurmd.pid").read_text().strip()
        call(*self.enter("kill", f"-{name}", number))


@dataclass(frozen=True)
class Cluster:
    """A running cluster. ``conf`` is what SLURM_CONF must name to use it."""

    conf: Path
    disk: Path
    nodes: tuple[Node, ...]

    @property
    def env(self) -> dict[str, str]:
        """Our environment without traces of another allocation, pointed at this cluster."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
        return {**kept, "SLURM_CONF": str(self.conf)}

    def run(self, *argv: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command of a user of this cluster to its end."""
        return subprocess.run(
            argv, capture_output=True, text=True, env=self.env, check=False, timeout=timeout
        )

    def states(self) -> dict[str, str]:
        """What sinfo says of each node, such as ``idle``, ``draining`` or ``down*``."""
        done = self.run("sinfo", "--noheader", "--Node", "--format=%N %T")
        return dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)

    def mark(self, node: str, state: str) -> None:
        """Do as an administrator: ``DRAIN``, ``DOWN``, ``RESUME``."""
        why = () if state == "RESUME" else ("Reason=test",)
        done = self.run("scontrol", "update", f"NodeName={node}", f"State={state}", *why)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def power_off(self, node: Node) -> None:
        """End a node with all that runs there; it does not come back."""
        os.kill(node.pid, signal.SIGKILL)

    def start_slurmd(self, node: Node) -> None:
        """Start the slurmd of a node, or start it again."""
        env = ("env", f"SLURM_CONF={self.conf}")
        call(*node.enter(*env, "slurmd", "-N", node.name, "-f", str(self.conf)))

    def wait_idle(self, patience: float = PATIENCE) -> None:
        """Wait until every node waits for work."""
        deadline = time.monotonic() + patience
        while len(self.states()) < len(self.nodes) or self.busy():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the nodes do not become idle: {self.states()}")
            time.sleep(0.2)

    def busy(self) -> list[str]:
        """The nodes that are not idle."""
        return [name for name, state in self.states().items() if state != "idle"]

    def recover(self) -> None:
        """Bring every node back, whatever was done to it; its slurmd must run."""
        try:
            self.wait_idle(3)
        except TimeoutError:
            # a node that lost its slurmd would be "completing" for minutes
            for name in self.busy():
                self.mark(name, "DOWN")
                self.mark(name, "RESUME")
            self.wait_idle()


def missing() -> str:
    """Why there can be no cluster here, or an empty string."""
    if os.geteuid() != 0:
        return "only root can start Slurm and munge"
    if lacking := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(lacking)}"
    tried = subprocess.run(["unshare", *KINDS, "--fork", "true"], capture_output=True)
    return "" if tried.returncode == 0 else "this machine allows no namespaces"


@contextmanager
def cluster(count: int, folder: Path) -> Iterator[Cluster]:
    """A cluster of the nodes ``node1`` ... in a partition ``main``; all are idle.

    Args:
        count: how many nodes.
        folder: an empty folder; ``folder/disk`` is each node's own.
    """
    disk, conf = folder / "disk", folder / "slurm.conf"
    disk.mkdir()
    names = [f"node{number}" for number in range(1, count + 1)]
    conf.write_text(_configuration(folder, count))
    known = [f"127.0.0.{number} {name}" for number, name in enumerate(names, 1)]
    (folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *known, ""]))
    with ExitStack() as stack:
        head = Node("head", stack.enter_context(first_process(_own(), "true")), folder)
        _start_munged(head)
        call(*head.enter("env", f"SLURM_CONF={conf}", "slurmctld", "-f", str(conf)))
        nodes = []
        for name in names:
            own = folder / name
            own.mkdir()
            pid = stack.enter_context(first_process(_own(), _set_up(name, own, folder)))
            nodes.append(Node(name, pid, own))
        found = Cluster(conf, disk, tuple(nodes))
        for node in nodes:
            found.start_slurmd(node)
        found.wait_idle()
        yield found


def _configuration(folder: Path, count: int) -> str:
    """A slurm.conf for nodes that are all this machine; pids and logs lie on their own disks."""
    head, *ports = free_ports(count + 1)
    here = socket.gethostname()
    settings = {
        "ClusterName": "bench",
        "SlurmctldHost": f"{here}(127.0.0.1)",
        "SlurmctldPort": head,
        "SlurmUser": "root",
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={folder}/munge.socket",
        "StateSaveLocation": folder / "state",
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmctldLogFile": folder / "slurmctld.log",
        "SlurmdSpoolDir": folder / "%n" / "spool",
        "SlurmdPidFile": folder / "%n" / "slurmd.pid",
        "SlurmdLogFile": folder / "%n" / "slurmd.log",
        "SlurmdParameters": "config_overrides",
        "ProctrackType": "proctrack/pgid",
        "TaskPlugin": "task/none",
        "MpiDefault": "none",
        "EnforcePartLimits": "ALL",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_CPU",
        "ReturnToService": 2,
        "KillWait": 5,
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    lines += [
        f"NodeName=node{number} NodeHostname={here} NodeAddr=127.0.0.1 Port={port} CPUs=8"
        for number, port in enumerate(ports, 1)
    ]
    return "\n".join([*lines, "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE", ""])


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in sockets]


def _start_munged(head: Node) -> None:
    """Start a munged of our own, with a key that nobody else knows."""
    folder = head.folder
    (folder / "state").mkdir()
    (folder / "key").mkdir(mode=0o700)
    key = folder / "key" / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    files = {
        "socket": "munge.socket",
        "pid-file": "munged.pid",
        "seed-file": "key/munged.seed",
        "log-file": "munged.log",
    }
    options = [f"--{name}={folder / file}" for name, file in files.items()]
    # --force: root, and a folder below one that all may write to
    call(*head.enter("munged", "--force", f"--key-file={key}", *options))


def _set_up(name: str, own: Path, folder: Path) -> str:
    """The script that gives a node its name, its own view of ``disk``, and the others' names."""
    binds = {own: folder / "disk", folder / "hosts": "/etc/hosts"}
    mounts = [shlex.join(["mount", "--bind", str(one), str(at)]) for one, at in binds.items()]
    return "\n".join(["set -e", f"hostname {name}", *mounts])


def _own() -> Sequence[str]:
    return (*KINDS, "--mount-proc")
