"""Preflight on several hosts, through pdsh and sshd: equal ones, and each kind of trouble."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.hosts import namespaces
from tests.hosts.namespaces import Host

pytestmark = [
    pytest.mark.skipif(bool(namespaces.missing()), reason=f"needs hosts: {namespaces.missing()}"),
    pytest.mark.xdist_group("preflight_hosts"),
]
SCRIPT = f"""#!/bin/sh
cd / && PYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m dsdoctor "$@"
"""
HANGS = "#!/bin/sh\nexec sleep 600\n"
EQUAL = ("node-1", "node-2")
DOWN, OTHER, HANGING, LATE = "node-3", "node-4", "node-5", "node-6"
SKEW = 40
"""Seconds by which the clock of one host is ahead."""
BLOCK = (
    "add table inet t",
    "add chain inet t out { type filter hook output priority 0; }",
    "add rule inet t out tcp dport 29500 drop",
)


def other_python() -> str:
    """A Python of another version than ours, or an empty string."""
    asked = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    own = ".".join(map(str, sys.version_info[:3]))
    for path in ("/usr/bin/python3", shutil.which("python3.12"), shutil.which("python3.10")):
        if path and Path(path).exists():
            done = subprocess.run([path, "-c", asked], capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.strip() != own:
                return path
    return ""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Six hosts; see the names above."""
    folder = tmp_path_factory.mktemp("preflight")
    library = folder / "skew.so"
    source = ROOT / "fixtures" / "capture" / "hosts" / "skew.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    with namespaces.hosts(6, folder) as found:
        for host in found:
            late = {"LD_PRELOAD": str(library), "CLOCK_SKEW": str(SKEW)}
            equip(host, HANGS if host.name == HANGING else SCRIPT)
            env = {"PATH": f"{host.folder}/bin:/usr/bin:/bin"}
            if host.name != DOWN:
                host.start_sshd(folder / "keys", env | (late if host.name == LATE else {}))
        yield found


def equip(host: Host, script: str) -> None:
    """Give a host its dsdoctor, and the job's Python at a path that all hosts have."""
    (host.folder / "bin").mkdir()
    python = (other_python() if host.name == OTHER else "") or sys.executable
    for name, text in (("dsdoctor", script), ("jobpython", f'#!/bin/sh\nexec {python} "$@"\n')):
        (host.folder / "bin" / name).write_text(text)
        (host.folder / "bin" / name).chmod(0o755)


def preflight(hosts: list[Host], *names: str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a user gets who types it on the first host."""
    first = hosts[0]
    (first.folder / "hosts").write_text("".join(f"{name} slots=1\n" for name in names))
    disk = first.folder.parent / "disk"
    command = ["dsdoctor", "preflight", "--format", "json", "--launcher", "pdsh"]
    done = subprocess.run(
        first.enter(
            "env",
            f"PATH={first.folder}/bin:/usr/bin:/bin",
            *command,
            f"--hostfile={disk}/hosts",
            f"--python={disk}/bin/jobpython",
            "--host-timeout=25",
            *more,
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def found(report: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The findings of that code."""
    return [item for item in report["findings"] if item["code"] == code]


def comparing(report: dict[str, Any]) -> list[str]:
    """The findings that only a comparison of hosts brings."""
    codes = ("DSH011", "DSH020", "DSH180", "DSH181", "DSL004")
    return [item["code"] for item in report["findings"] if item["code"] in codes]


@pytest.mark.parametrize("launcher", ["pdsh", "mpirun"])
def test_equal_hosts(hosts: list[Host], launcher: str) -> None:
    """Nothing tells them apart, and they reach each other."""
    if shutil.which(launcher) is None:
        pytest.skip(f"{launcher} is not installed")
    report = preflight(hosts, *EQUAL, more=("--launcher", launcher))
    assert comparing(report) == []
    assert report["coverage"]["notes"] == ["2 of 2 hosts answered"]
    results = {(item["host"], item["probe"]): item for item in report["probes"]}
    assert {host for host, _ in results} == set(EQUAL)
    assert results["node-1", "rendezvous"]["summary"] == "1 of 1 hosts reached port 29500 here"
    assert results["node-2", "rendezvous"]["summary"] == "node-1:29500 can be reached"
    assert results["node-1", "master-port"]["outcome"] == "ok"
    both = [item for item in report["findings"] if len(item["hosts"]) == 2]
    assert all(item["count"] == 2 for item in both)


def test_a_host_without_sshd_and_one_that_hangs(hosts: list[Host]) -> None:
    """Both are findings with their reason, soon; the others are compared."""
    started = time.monotonic()
    report = preflight(hosts, *EQUAL, DOWN, HANGING)
    assert time.monotonic() - started < 120
    silent = {tuple(item["hosts"]): item["message"] for item in found(report, "DSH020")}
    assert set(silent) == {(DOWN,), (HANGING,)}
    assert "Connection refused" in silent[(DOWN,)]
    assert "no answer in time" in silent[(HANGING,)]
    assert {item["severity"] for item in found(report, "DSH020")} == {"fatal"}
    assert report["coverage"]["notes"] == ["2 of 4 hosts answered"]


def test_another_python(hosts: list[Host]) -> None:
    if not other_python():
        pytest.skip("there is one version of Python only")
    report = preflight(hosts, *EQUAL, OTHER)
    (finding,) = [item for item in found(report, "DSH011") if "Python" in item["message"]]
    assert finding["hosts"] == [OTHER]
    own = ".".join(map(str, sys.version_info[:3]))
    assert finding["message"].endswith(f"; {own} on the other 2")


def test_a_clock_that_is_ahead(hosts: list[Host]) -> None:
    report = preflight(hosts, *EQUAL, LATE)
    (finding,) = found(report, "DSH180")
    assert (finding["hosts"], "ahead of" in finding["message"]) == ([LATE], True)


def test_a_blocked_port(hosts: list[Host]) -> None:
    """The host whose packets are dropped says so; the others meet."""
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed")
    try:
        for rule in BLOCK:
            hosts[1].run("nft", *shlex.split(rule))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this kernel has no packet filter: {error}")
    try:
        report = preflight(hosts, *EQUAL, OTHER)
    finally:
        hosts[1].run("nft", "delete", "table", "inet", "t")
    (finding,) = found(report, "DSL004")
    assert finding["hosts"] == ["node-2"]
    assert "node-1 on port 29500: timed out" in finding["message"]


def test_more_slots_than_gpus_needs_gpus(hosts: list[Host]) -> None:
    """Hosts without any GPU train on their CPUs: slots say nothing there."""
    report = preflight(hosts, *EQUAL, more=("--only", "gpus"))
    assert not found(report, "DSH181")


def test_nobody_has_dsdoctor(hosts: list[Host]) -> None:
    """That is a mistake in the call, not a finding about the hosts."""
    first = hosts[0]
    (first.folder / "hosts").write_text("node-1 slots=1\nnode-2 slots=1\n")
    there = str(first.folder.parent / "disk" / "hosts")
    done = subprocess.run(
        first.enter(
            "env",
            f"PATH={first.folder}/bin:/usr/bin:/bin",
            "dsdoctor",
            "preflight",
            "--launcher=pdsh",
            f"--hostfile={there}",
            "--remote-command=no-such-doctor",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no-such-doctor is not there" in done.stderr
    assert "--remote-command" in done.stderr
