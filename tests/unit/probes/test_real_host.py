"""The promises of the Protocol ``Host``, kept by the real machine and by the made-up one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dsdoctor.probes.clients.host import Host, RealHost
from dsdoctor.probes.clients.unavailable import Unavailable
from tests.unit.probes.fakes import FakeHost, said

MISSING = "/no/such/place"
EITHER: tuple[Host, ...] = (RealHost(), FakeHost())


@pytest.mark.parametrize("host", EITHER, ids=["real", "fake"])
def test_what_is_not_there(host: Host) -> None:
    assert host.read(MISSING) is None
    assert list(host.list(MISSING)) == []
    assert host.link(MISSING) is None
    assert host.is_dir(MISSING) is False
    assert host.writable(MISSING) is False
    assert host.which("no-such-command") is None
    assert host.space(MISSING) == host.space("/")
    with pytest.raises(Unavailable, match="not installed"):
        host.run(["no-such-command"], 1)


def test_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("text\n")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    host = RealHost()
    assert host.read(f"{tmp_path}/a") == "text\n"
    assert list(host.list(str(tmp_path))) == ["a", "b"]
    assert host.link(f"{tmp_path}/a") == str((tmp_path / "b").resolve())
    assert host.is_dir(str(tmp_path))
    assert host.writable(str(tmp_path))
    space = host.space(f"{tmp_path}/later/on")
    assert space is not None
    assert 0 <= space.free <= space.total


def test_what_is_made_up() -> None:
    host = FakeHost(
        {"/etc/x/b": "text\n"},
        {"/etc/x/a": "/etc/x/b"},
        commands={"tool": said("any"), "tool -v": said("1.2"), "slow": Unavailable("slow")},
        dirs=["/data/empty"],
        read_only=["/data"],
    )
    assert host.read("/etc/x/a") == "text\n"
    assert list(host.list("/etc/x")) == ["a", "b"]
    assert list(host.list("/")) == ["data", "etc"]
    assert host.is_dir("/data")
    assert not host.writable("/data/empty")
    assert host.writable("/etc/x")
    assert host.which("tool") == "/usr/bin/tool"
    assert (host.run(["tool", "-v"], 1).out, host.run(["tool", "x"], 1).out) == ("1.2", "any")
    with pytest.raises(Unavailable, match="slow"):
        host.run(["slow"], 1)


def test_a_command_that_takes_too_long() -> None:
    with pytest.raises(Unavailable, match="did not answer in"):
        RealHost().run([sys.executable, "-c", "import time; time.sleep(20)"], 0.2)


def test_how_a_command_ends() -> None:
    done = RealHost().run([sys.executable, "-c", "import sys; print('out'); sys.exit('err')"], 20)
    assert (done.code, done.out.strip(), done.err.strip()) == (1, "out", "err")
