"""Logs on several hosts, read there through pdsh and sshd, or mpirun."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.transport.gather import gather
from dsdoctor.transport.launchers import MPIRUN, PDSH, Launcher
from tests.conftest import ROOT
from tests.hosts import namespaces
from tests.hosts.namespaces import Host

pytestmark = [
    pytest.mark.skipif(bool(namespaces.missing()), reason=f"needs hosts: {namespaces.missing()}"),
    pytest.mark.xdist_group("two_hosts"),
]
CASE = ROOT / "fixtures" / "cases" / "hosts-clock-skew"
SCRIPT = f"""#!/bin/sh
cd / && PYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m dsdoctor "$@"
"""
HANGS = "#!/bin/sh\nexec sleep 600\n"
NAMES = ["job.log", "a b'c\"d.log", "$(touch pwned);x.log", "50%hot & %h.log", "--x.log"]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Five hosts: two that answer, without sshd, without dsdoctor, with one that hangs."""
    folder = tmp_path_factory.mktemp("hosts")
    with namespaces.hosts(5, folder) as found:
        for host, script in zip(found, (SCRIPT, SCRIPT, SCRIPT, "", HANGS), strict=True):
            _equip(host, script)
            if host.name != "node-3":
                path = f"{host.folder}/bin:/usr/bin:/bin"
                host.start_sshd(folder / "keys", {"PATH": path})
        yield found


def _equip(host: Host, script: str) -> None:
    """Give a host its dsdoctor, and the log of that host of a captured case, by many names."""
    (host.folder / "bin").mkdir()
    (host.folder / "logs").mkdir()
    if script:
        (host.folder / "bin" / "dsdoctor").write_text(script)
        (host.folder / "bin" / "dsdoctor").chmod(0o755)
    log = CASE / f"{host.name}.log"
    for name in NAMES:
        shutil.copy(log if log.exists() else CASE / "node-1.log", host.folder / "logs" / name)


def _from(host: Host, launcher: Launcher) -> Launcher:
    """The launcher as it is started on ``host``."""

    def arguments(*args: object) -> list[str]:
        path = f"PATH={host.folder}/bin:/usr/bin:/bin"
        return host.enter("env", path, launcher.name, *launcher.arguments(*args))[1:]  # type: ignore[arg-type]

    return replace(launcher, name="nsenter", arguments=arguments)


def test_silent_hosts_are_listed_and_the_rest_is_read(hosts: list[Host], pack: Pack) -> None:
    """One is down, one lacks dsdoctor, one hangs: each with its reason, and soon."""
    started = time.monotonic()
    names = [host.name for host in hosts]
    log = str(hosts[0].folder.parent / "disk" / "logs" / "job.log")
    result = gather(names, [log], pack, _from(hosts[0], PDSH), timeout=4)
    # the host that hangs would do so for 600 s; the margin is for a busy machine
    assert time.monotonic() - started < 120
    assert [record.name for record in result.records] == [f"node-1:{log}", f"node-2:{log}"]
    reasons = {failure.host: failure.reason for failure in result.silent}
    assert list(reasons) == ["node-3", "node-4", "node-5"]
    assert "Connection refused" in reasons["node-3"]
    assert "dsdoctor is not there" in reasons["node-4"]
    assert reasons["node-5"] == "no answer in time"
    guilty = result.records[1]
    assert any("KeyError: 'truck'" in event.text for event in guilty.events)
    assert {event.writer.host for event in guilty.events} == {"node-2"}
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in left.splitlines() if line.startswith("ssh ") and "node-5" in line]


@pytest.mark.parametrize("launcher", [PDSH, MPIRUN], ids=lambda item: item.name)
def test_names_of_files_reach_the_other_host_as_they_are(
    hosts: list[Host], pack: Pack, launcher: Launcher
) -> None:
    """Spaces, quotes, command substitutions, percent signs: no shell takes them for its own."""
    if shutil.which(launcher.name) is None:
        pytest.skip(f"{launcher.name} is not installed")
    logs = hosts[0].folder.parent / "disk" / "logs"
    paths = [str(logs / name) for name in NAMES]
    result = gather(["node-1", "node-2"], paths, pack, _from(hosts[0], launcher), timeout=20)
    assert [str(failure) for failure in result.silent] == []
    expected = [f"{host}:{path}" for host in ("node-1", "node-2") for path in paths]
    assert [record.name for record in result.records] == expected
    assert not list(hosts[0].folder.parent.rglob("pwned"))
    assert not Path("pwned").exists()


def test_a_missing_log_is_told_by_the_host_itself(hosts: list[Host], pack: Pack) -> None:
    logs = hosts[0].folder.parent / "disk" / "logs"
    log = hosts[1].folder / "logs" / "job.log"
    log.rename(log.with_name("other.log"))
    try:
        result = gather(
            ["node-1", "node-2"], [str(logs / "job.log")], pack, _from(hosts[0], PDSH), timeout=20
        )
    finally:
        log.with_name("other.log").rename(log)
    assert [record.name for record in result.records] == [f"node-1:{logs}/job.log"]
    (failure,) = result.silent
    assert (failure.host, "no such file or folder" in failure.reason) == ("node-2", True)


def test_explain_takes_a_hostfile(hosts: list[Host]) -> None:
    """The whole way: one verdict over both hosts, and the host that was silent is named."""
    logs = hosts[0].folder.parent / "disk" / "logs"
    hostfile = hosts[0].folder / "hosts"
    hostfile.write_text("node-1 slots=1\nnode-2 slots=1\nnode-3 slots=1\n")
    path = f"PATH={hosts[0].folder}/bin:/usr/bin:/bin"
    there = str(hosts[0].folder.parent / "disk" / "hosts")
    command = ["dsdoctor", "explain", "--format", "json", "--launcher", "pdsh", "--hostfile", there]
    done = subprocess.run(
        hosts[0].enter("env", path, *command, "--host-timeout", "30", str(logs / "job.log")),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    root = report["verdict"]["root"]
    assert (root["code"], root["hosts"]) == ("DSX001", ["node-2"])
    assert "truck" in root["message"]
    assert any("node-3" in note for note in report["coverage"]["notes"])
