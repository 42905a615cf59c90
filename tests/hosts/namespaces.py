"""Hosts to try things on: network namespaces of this machine, joined by a bridge, with sshd.

Each host has its own network, process table, host name and view of one folder, ``disk``. The
first process of a host waits on a pipe that only we hold. When it goes, however we end, the
kernel kills all other processes of the host and takes away its network.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = "/usr/sbin/sshd"
NAMESPACES = ("--net", "--mount", "--uts", "--pid", "--ipc")
TOOLS = ("ip", "unshare", "nsenter", "ssh", "ssh-keygen", "pdsh")


@dataclass(frozen=True)
class Host:
    """One host: ``pid`` is its first process as we see it, ``folder`` its own disk."""

    name: str
    address: str
    pid: int
    folder: Path

    def enter(self, *argv: str, cwd: Path = Path("/")) -> list[str]:
        """The command that runs ``argv`` on this host as if from its console."""
        return ["nsenter", f"--target={self.pid}", *NAMESPACES, f"--wd={cwd}", *argv]

    def run(self, *argv: str) -> None:
        """Run a short command on this host."""
        call(*self.enter(*argv))

    def link(self, state: str) -> None:
        """Pull the network cable (``down``) or put it back (``up``)."""
        self.run("ip", "link", "set", "eth0", state)

    def start_sshd(self, keys: Path, env: Mapping[str, str]) -> None:
        """Let others log in; ``env`` is what their commands find set."""
        config = keys / f"sshd_{self.name}"
        settings = " ".join(f"{key}={shlex.quote(value)}" for key, value in env.items())
        config.write_text(
            f"HostKey {keys}/host\nAuthorizedKeysFile {keys}/user.pub\nStrictModes no\n"
            f"UsePAM no\nPidFile none\nPermitRootLogin yes\n"
            f"ListenAddress {self.address}\nMaxStartups 100\n"
            + (f"SetEnv {settings}\n" if settings else "")
        )
        self.run(SSHD, "-f", str(config), "-E", str(keys / f"sshd_{self.name}.log"))


def missing() -> str:
    """Why there can be no hosts here, or an empty string."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if lacking := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(lacking)}"
    if not Path(SSHD).exists():
        return f"there is no {SSHD}"
    tried = subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True)
    return "" if tried.returncode == 0 else "this machine allows no namespaces"


@contextmanager
def hosts(count: int, folder: Path, subnet: str = "10.77.0") -> Iterator[list[Host]]:
    """Hosts ``node-1`` ... with the addresses ``subnet``.1 ...; sshd is not started yet.

    Args:
        count: how many.
        folder: an empty folder; ``folder/disk`` is each host's own, ``folder/keys`` the keys.
        subnet: the first three numbers of their addresses; nothing outside can be reached.
    """
    disk, keys = folder / "disk", folder / "keys"
    names = [f"node-{number}" for number in range(1, count + 1)]
    addresses = {name: f"{subnet}.{number}" for number, name in enumerate(names, 1)}
    disk.mkdir()
    make_keys(keys, addresses)
    with ExitStack() as stack:
        switch = stack.enter_context(first_process(["--net"], "true"))
        at_switch = ("nsenter", f"--target={switch}", "--net")
        call(*at_switch, "ip", "link", "add", "br0", "type", "bridge")
        call(*at_switch, "ip", "link", "set", "br0", "up")
        found = []
        for name, address in addresses.items():
            own = folder / name
            own.mkdir()
            script = _set_up(name, {own: disk, keys / "hosts": "/etc/hosts"}, keys)
            pid = stack.enter_context(first_process([*NAMESPACES, "--mount-proc"], script))
            found.append(Host(name, address, pid, own))
            _plug_in(found[-1], at_switch)
        yield found


def make_keys(keys: Path, addresses: Mapping[str, str]) -> None:
    """Write the keys, and the files that every host sees in place of its own."""
    keys.mkdir(mode=0o700)
    for name in ("host", "user"):
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(keys / name))
    lines = [f"{address} {name}" for name, address in addresses.items()]
    (keys / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
    (keys / "ssh_config").write_text(
        f"IdentityFile {keys}/user\nIdentitiesOnly yes\nUserKnownHostsFile {keys}/known_hosts\n"
        "CheckHostIP no\nServerAliveInterval 5\nServerAliveCountMax 3\n"
    )
    (keys / "known_hosts").write_text(f"* {(keys / 'host.pub').read_text()}")


def call(*argv: str) -> None:
    """Run a short command that must work."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(argv)}: {done.stderr or done.stdout}")


def _set_up(name: str, mounts: Mapping[Path, Path | str], keys: Path) -> str:
    """The script that gives a host its name and its own view of some files."""
    binds = {**mounts, keys / "ssh_config": "/etc/ssh/ssh_config"}
    lines = ["set -e", f"hostname {name}", "mount -t tmpfs tmpfs /run", "mkdir -m 755 /run/sshd"]
    lines += [
        f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(target))}"
        for source, target in binds.items()
    ]
    return "\n".join([*lines, "ip link set lo up"])


def _plug_in(host: Host, at_switch: Sequence[str]) -> None:
    """Give a host its cable to the switch and its address."""
    port = f"port-{host.name}"
    call(
        *at_switch,
        "ip",
        "link",
        "add",
        port,
        "type",
        "veth",
        "peer",
        "eth0",
        "netns",
        f"{host.pid}",
    )
    call(*at_switch, "ip", "link", "set", port, "master", "br0", "up")
    host.run("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
    host.link("up")


@contextmanager
def first_process(kinds: Sequence[str], script: str) -> Iterator[int]:
    """A process in namespaces of its own, which ends when we do; gives its id."""
    # the shell stays, since a first process must bury the dead that others leave to it
    live = f"{script}\necho up\ncat\n:"
    argv = ["unshare", *kinds, "--fork", "--kill-child", "sh", "-c", live]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(argv, **pipes) as outer:
        assert outer.stdin is not None
        assert outer.stdout is not None
        assert outer.stderr is not None
        try:
            if outer.stdout.readline() != b"up\n":
                outer.kill()
                raise RuntimeError(f"the host did not come up: {outer.stderr.read()!r}")
            children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
            yield int(children.split()[0])
        finally:
            outer.stdin.close()
            outer.kill()
