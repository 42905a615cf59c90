"""Interfaces against NCCL's and Gloo's variables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult
from dsdoctor.probes.clients.network import Interface
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.interface_choice import chosen_by_nccl, matching
from dsdoctor.probes.interfaces import PROBES
from tests.unit.probes.fakes_network import DOCKER0, ETH0, LO, FakeNetwork
from tests.unit.probes.gpu_site import asked, codes
from tests.unit.probes.network_site import shell, site

IB0 = Interface("ib0", "infiniband", addresses=("10.1.0.2",), mtu=2044, speed=400_000)
ALL = (LO, ETH0, DOCKER0, IB0)


def look(pack: Pack, *interfaces: Interface, hosts: int = 1, **variables: str) -> ProbeResult:
    network = FakeNetwork(interfaces or (LO, ETH0))
    return asked(PROBES, site(network, shell(**variables), hosts=hosts), pack)


def test_healthy(pack: Pack) -> None:
    result = look(pack, LO, ETH0, DOCKER0, IB0, hosts=2)
    assert result.outcome is Outcome.OK
    assert result.summary == "eth0 100 Gb/s, ib0 400 Gb/s"
    assert result.facts["nccl"] == ["ib0"]
    assert result.facts["interfaces"]["eth0"] == {  # type: ignore[index]
        "mtu": 9000,
        "speed": 100_000,
        "kind": "ethernet",
    }


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("eth", ["eth0"]),
        ("=eth", []),
        ("=eth0,ib0", ["eth0", "ib0"]),
        ("^docker,lo", ["eth0", "ib0"]),
        ("^=docker", ["lo", "eth0", "docker0", "ib0"]),
        ("eth9", []),
        ("eth0:1234", ["eth0"]),
    ],
)
def test_the_syntax_of_nccl(value: str, names: list[str]) -> None:
    assert [item.name for item in matching(value, ALL)] == names


def test_what_nccl_takes_by_itself() -> None:
    assert chosen_by_nccl("", (LO, ETH0, DOCKER0)) == [ETH0]
    assert chosen_by_nccl("", (LO, DOCKER0)) == [DOCKER0]
    assert chosen_by_nccl("", (LO,)) == [LO]
    assert chosen_by_nccl("x", (LO, ETH0)) == [ETH0]
    assert chosen_by_nccl("", (LO, replace(ETH0, addresses=()))) == [LO]


@pytest.mark.parametrize(
    ("value", "detail"),
    [("eth9", "usable are lo, eth0"), ("^lo,eth", "usable are lo, eth0")],
)
def test_nccl_finds_nothing(pack: Pack, value: str, detail: str) -> None:
    result = look(pack, NCCL_SOCKET_IFNAME=value)
    assert codes(result) == ["DSN020"]
    assert result.findings[0].message == (
        f"NCCL_SOCKET_IFNAME={value} fits no usable interface here: {detail}"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"up": False}, "eth0 is switched off"),
        ({"carrier": False}, "eth0 has no link"),
        ({"addresses": ()}, "eth0 has no address"),
    ],
)
def test_nccl_named_a_dead_interface(pack: Pack, change: dict[str, object], words: str) -> None:
    dead = replace(ETH0, **change)  # type: ignore[arg-type]
    result = look(pack, LO, dead, IB0, NCCL_SOCKET_IFNAME="eth0")
    assert codes(result) == ["DSN020"]
    assert words in result.findings[0].message


def test_the_variable_of_the_bootstrap(pack: Pack) -> None:
    result = look(pack, NCCL_OOB_NET_IFNAME="eth9", NCCL_SOCKET_IFNAME="eth0")
    assert codes(result) == ["DSN020"]
    assert result.findings[0].message.startswith("NCCL_OOB_NET_IFNAME=eth9")


def test_only_docker_is_left_for_many_hosts(pack: Pack) -> None:
    assert codes(look(pack, LO, DOCKER0, hosts=2)) == ["DSN023"]
    assert codes(look(pack, LO, ETH0, DOCKER0, hosts=2, NCCL_SOCKET_IFNAME="lo")) == ["DSN023"]
    link_local = replace(ETH0, addresses=("169.254.3.4", "fe80::1"))
    assert codes(look(pack, LO, link_local, hosts=2)) == ["DSN023"]


def test_one_host_needs_no_way_out(pack: Pack) -> None:
    assert not codes(look(pack, LO, DOCKER0))
    assert not codes(look(pack, LO, ETH0, NCCL_SOCKET_IFNAME="lo"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("eth9", "not there"),
        ("^docker", "exact names"),
        ("eth0,eth9", "interface eth9"),
        ("ib1", "switched off"),
    ],
)
def test_gloo(pack: Pack, value: str, words: str) -> None:
    off = Interface("ib1", up=False)
    result = look(pack, LO, ETH0, off, GLOO_SOCKET_IFNAME=value)
    assert codes(result) == ["DSN017"]
    assert words in result.findings[0].message


def test_gloo_is_content(pack: Pack) -> None:
    assert not codes(look(pack, LO, ETH0, IB0, GLOO_SOCKET_IFNAME="eth0,ib0"))


def test_the_launch_line_wins_over_the_shell(pack: Pack) -> None:
    where = site(
        FakeNetwork(),
        shell(NCCL_SOCKET_IFNAME="eth0"),
        launch="NCCL_SOCKET_IFNAME=eth9 srun python train.py",
    )
    assert codes(asked(PROBES, where, pack)) == ["DSN020"]


def test_nobody_tells(pack: Pack) -> None:
    network = FakeNetwork(trouble=Unavailable("/sys/class/net cannot be read"))
    result = asked(PROBES, site(network), pack)
    assert result.outcome is Outcome.SKIPPED
    assert result.note == "could not look: /sys/class/net cannot be read"


def test_a_crash_is_told(pack: Pack) -> None:
    result = asked(PROBES, site(FakeNetwork(trouble=ValueError("odd"))), pack)
    assert result.outcome is Outcome.CRASHED
