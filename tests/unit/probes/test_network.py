"""The real network of this machine: only what the Protocol promises."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dsdoctor.probes.clients import network, pair_child
from dsdoctor.probes.clients.network import Bind, RealNetwork
from dsdoctor.probes.clients.unavailable import Unavailable

REAL = RealNetwork()


def test_interfaces() -> None:
    found = {item.name: item for item in REAL.interfaces()}
    assert list(found) == sorted(found)
    assert found["lo"].kind == "loopback"
    assert "127.0.0.1" in found["lo"].addresses
    assert found["lo"].mtu > 0


def test_hca_ports() -> None:
    assert all(port.device and port.state for port in REAL.hca_ports())


def test_hca_ports_of_a_made_up_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = tmp_path / "mlx5_0" / "ports" / "1"
    port.mkdir(parents=True)
    (port / "state").write_text("4: ACTIVE\n")
    (port / "phys_state").write_text("5: LinkUp\n")
    (port / "link_layer").write_text("InfiniBand\n")
    (port / "rate").write_text("400 Gb/sec (4X NDR)\n")
    monkeypatch.setattr(network, "_VERBS", tmp_path)
    assert [
        network.HcaPort("mlx5_0", 1, "ACTIVE", "LinkUp", "InfiniBand", "400 Gb/sec (4X NDR)")
    ] == (RealNetwork().hca_ports())


def test_names() -> None:
    assert REAL.name()
    assert "127.0.0.1" in REAL.resolve("localhost")
    assert REAL.resolve("10.1.2.3") == ("10.1.2.3",)
    assert REAL.resolve("no such host") == ()


def test_a_silent_resolver_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "RESOLVE_TIMEOUT", 0.05)
    monkeypatch.setattr(network, "_addresses", lambda _: time.sleep(1))
    asked = RealNetwork()
    for _ in range(2):
        with pytest.raises(Unavailable, match="no answer for the name node-1"):
            asked.resolve("node-1")


def test_ports() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert REAL.bindable(port) is Bind.TAKEN
        holder = REAL.holder(port)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert holder.command
        assert REAL.connects("127.0.0.1", port, 2) == ""
    free = REAL.free_port()
    assert REAL.bindable(free) is Bind.FREE
    assert REAL.holder(free) is None
    assert REAL.connects("127.0.0.1", free, 2) == "Connection refused"


def test_two_hosts_meet() -> None:
    """The one waits until the other came; meanwhile the port is not called taken."""
    port = REAL.free_port()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(REAL.await_peers, port, 1, 10.0)
        while REAL.bindable(port) is not Bind.FREE or port not in REAL._waiting:
            assert not waiting.done()
        while REAL.connects("127.0.0.1", port, 2):
            assert not waiting.done()
        assert waiting.result() == 1
    assert REAL.connects("127.0.0.1", port, 2) == "Connection refused"


def test_nobody_comes() -> None:
    assert REAL.await_peers(REAL.free_port(), 1, 0.05) == 0


def test_a_port_that_is_taken_cannot_be_waited_at() -> None:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Unavailable, match="cannot be opened: Address already in use"):
            REAL.await_peers(port, 1, 1.0)


def test_a_name_without_address_does_not_connect() -> None:
    assert REAL.connects("no such host", 1, 1) == "the name has no address"


def test_the_pair_script_answers_without_torch() -> None:
    argv = [sys.executable, str(pair_child.__file__), "gloo", "", "30"]
    done = subprocess.run(argv, capture_output=True, timeout=60, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ok"] or answer["kind"] in ("no torch", "no backend")
