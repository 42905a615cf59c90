"""The command lines of the launchers: argument lists, never a line for a local shell."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dsdoctor.errors import UsageError
from dsdoctor.transport.hostfile import checked_host, expand_node_list

FAN_OUT = 64
CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Launcher:
    """A program that runs a command on many hosts at once.

    Attributes:
        name: its name, and that of its program.
        arguments: from hosts, remote command and seconds a host to the argument list.
        label: what it puts in front of a line (mpirun: also within, where its buffer ended).
        env: what its environment needs beside ours.
        waves: how many hosts it serves at a time, 0 for all.
        in_order: does the number in the label count the hosts as they were given?
        gives_up: what it says where one host has spoiled the call for all; None if none can. The
            group ``host`` is the one to blame, if the line tells.
    """

    name: str
    arguments: Callable[[Sequence[str], Sequence[str], int], list[str]]
    label: re.Pattern[str]
    env: Callable[[Mapping[str, str]], dict[str, str]]
    waves: int = 0
    in_order: bool = False
    gives_up: re.Pattern[str] | None = None

    def command(self, hosts: Sequence[str], remote: Sequence[str], seconds: int) -> list[str]:
        """What to run here so that ``remote`` runs once on each of ``hosts``."""
        return [self.name, *self.arguments([checked_host(host) for host in hosts], remote, seconds)]

    def pieces(self, line: str, hosts: Sequence[str]) -> list[tuple[str, str]]:
        """Who says what in a line: a host if the label tells, else the label itself.

        What stands before the first label, or has none, is said by nobody in particular.
        """
        marks = list(self.label.finditer(line))
        ends = [*(mark.start() for mark in marks[1:]), len(line)]
        found = [
            (self._owner(mark["label"], hosts), line[mark.end() : end])
            for mark, end in zip(marks, ends, strict=False)
        ]
        before = line[: marks[0].start()] if marks else line
        return [("", before), *found] if before else found

    def _owner(self, label: str, hosts: Sequence[str]) -> str:
        if self.in_order and label.isdecimal() and int(label) < len(hosts):
            return hosts[int(label)]
        return label


def _pdsh(hosts: Sequence[str], remote: Sequence[str], seconds: int) -> list[str]:
    # pdsh and ssh join the arguments into a line for the remote shell; pdsh fills in %h, %n, %u
    line = " ".join(shlex.quote(part) for part in remote).replace("%", "%%")
    # -b: one interrupt ends pdsh and its children; -K: labels keep the domain
    flags = ["-b", "-S", "-K", "-t", f"{CONNECT_SECONDS}", "-u", f"{seconds}", "-f", f"{FAN_OUT}"]
    return [*flags, "-w", ",".join(map(_for_pdsh, hosts)), line]


def _for_pdsh(host: str) -> str:
    """pdsh takes what stands before a colon for the way to connect."""
    return f"ssh:{host}" if ":" in host else host


def _pdsh_env(env: Mapping[str, str]) -> dict[str, str]:
    # a question for a password would wait for ever
    ssh = f"{env.get('PDSH_SSH_ARGS_APPEND', '')} -oBatchMode=yes".strip()
    return {"PDSH_RCMD_TYPE": "ssh", "PDSH_SSH_ARGS_APPEND": ssh}


def _srun(hosts: Sequence[str], remote: Sequence[str], _seconds: int) -> list[str]:
    # --overlap: the step of the job that hangs still holds the nodes
    return [
        f"--nodes={len(hosts)}",
        f"--ntasks={len(hosts)}",
        "--ntasks-per-node=1",
        f"--nodelist={','.join(hosts)}",
        "--overlap",
        # a node that is down would be waited for
        f"--immediate={CONNECT_SECONDS}",
        "--kill-on-bad-exit=0",
        "--wait=0",
        "--mpi=none",
        "--input=none",
        "--quit-on-interrupt",
        "--label",
        *remote,
    ]


def _mpirun(hosts: Sequence[str], remote: Sequence[str], _seconds: int) -> list[str]:
    return [
        *("--host", ",".join(hosts)),
        *("--map-by", "ppr:1:node"),
        "--tag-output",
        # one host that fails must not end the others ...
        *("--mca", "orte_abort_on_non_zero_status", "0"),
        # ... nor one where the program is missing, which mpirun takes for its own failure
        *("sh", "-c", 'exec "$@"', "sh"),
        *remote,
    ]


def _mpirun_env(env: Mapping[str, str]) -> dict[str, str]:
    own = env.get("OMPI_MCA_plm_rsh_args", "")
    ssh = f"{own} -oBatchMode=yes -oConnectTimeout={CONNECT_SECONDS}".strip()
    found = {"OMPI_MCA_plm_rsh_args": ssh}
    if os.geteuid() == 0:
        found |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return found


PDSH = Launcher(
    "pdsh", _pdsh, re.compile(r"\A(?P<label>[\w.:-]{1,255}):(?: |\Z)"), _pdsh_env, waves=FAN_OUT
)
SRUN = Launcher(
    "srun",
    _srun,
    re.compile(r"\A\s*(?P<label>\d{1,9}): ?"),
    lambda _env: {},
    gives_up=re.compile(
        r"\Asrun: (?:error: )?(?:Task launch for .{1,60} failed on node (?P<host>[\w.-]+): "
        r"|Unable to (?:create step|allocate resources)|Application launch failed|Job step aborted"
        r"|Force Terminated)"
    ),
)
MPIRUN = Launcher(
    "mpirun",
    _mpirun,
    re.compile(r"\[[^\]\s]{1,300}?,(?P<label>\d{1,9})\]<std(?:out|err)>: ?"),
    _mpirun_env,
    in_order=True,
    gives_up=re.compile(
        r"\A(?:(?:ORTE|PRTE|An ORTE daemon|A daemon|There are no allocated resources)\b"
        r"|ssh: (?:connect to host|Could not resolve hostname) (?P<host>[\w.-]+))"
    ),
)
LAUNCHERS: dict[str, Launcher] = {item.name: item for item in (PDSH, SRUN, MPIRUN)}
ALIASES = {"slurm": "srun"}
"""What DeepSpeed's own --launcher calls it."""
NAMES = (*LAUNCHERS, *ALIASES)


def launcher_named(name: str | None, env: Mapping[str, str] = os.environ) -> Launcher:
    """The launcher of that name; for ``None`` the best one that is here.

    Raises:
        UsageError: it is not known, or not installed.
    """
    name = ALIASES.get(name or "", name)
    if name is not None and name not in LAUNCHERS:
        raise UsageError(f"no launcher {name!r}", hint=f"one of {', '.join(LAUNCHERS)}")
    wanted = [LAUNCHERS[name]] if name else _by_preference(env)
    for launcher in wanted:
        if shutil.which(launcher.name):
            return launcher
    raise UsageError(
        f"not installed here: {', '.join(item.name for item in wanted)}",
        hint="run where the job was launched from, or copy the logs to one place",
    )


def hosts_of_allocation(env: Mapping[str, str] = os.environ) -> list[str]:
    """The hosts of the Slurm allocation we run in; none outside of one."""
    nodes = env.get("SLURM_JOB_NODELIST") or env.get("SLURM_NODELIST") or ""
    return expand_node_list(nodes) if nodes else []


def _by_preference(env: Mapping[str, str]) -> list[Launcher]:
    """Inside an allocation ssh may be shut; elsewhere DeepSpeed users have pdsh."""
    return [SRUN, PDSH, MPIRUN] if hosts_of_allocation(env) else [PDSH, MPIRUN]
