"""InfiniBand and RoCE cards."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.network import HcaPort
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.infiniband import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_network import FakeNetwork, hca
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site

DEVICES = {"/dev/infiniband/uverbs0": "", "/dev/infiniband/rdma_cm": ""}
ROCE_DOWN = hca("mlx5_8", "DOWN", physical="Disabled", layer="Ethernet")


def look(pack: Pack, *ports: HcaPort, hosts: int = 2, **variables: str) -> ProbeResult:
    host = FakeHost(files=DEVICES, environment=variables)
    return asked(PROBES, site(FakeNetwork(hcas=ports), host, hosts=hosts), pack)


def eight(**states: str) -> tuple[HcaPort, ...]:
    names = [f"mlx5_{index}" for index in range(8)]
    return tuple(hca(name, states.get(name, "ACTIVE")) for name in names)


def test_healthy(pack: Pack) -> None:
    result = look(pack, *eight(), ROCE_DOWN)
    assert result.outcome is Outcome.OK
    assert result.summary == "8 of 9 ports active"
    assert result.facts == {
        "ports": {"Ethernet DOWN": 1, "InfiniBand 400 Gb/sec (4X NDR)": 8},
        "active": 8,
    }


def test_no_card_no_question(pack: Pack) -> None:
    result = look(pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "no InfiniBand or RoCE card here")


def test_a_port_without_a_link_is_a_note(pack: Pack) -> None:
    result = look(pack, *eight(mlx5_3="DOWN"))
    assert codes(result) == ["DSN083"]
    assert severity(result) is Severity.INFO
    assert result.findings[0].message == "Of 8 InfiniBand ports 1 is DOWN (mlx5_3)"


def test_a_port_that_waits_for_its_manager_is_a_warning(pack: Pack) -> None:
    result = look(pack, *eight(mlx5_3="INIT", mlx5_4="INIT"))
    assert codes(result) == ["DSN083"]
    assert severity(result) is Severity.WARNING
    assert "2 are INIT (mlx5_3, mlx5_4)" in result.findings[0].message
    assert severity(look(pack, *eight(mlx5_3="INIT"), hosts=1)) is Severity.INFO


def test_all_down_is_a_warning(pack: Pack) -> None:
    assert severity(look(pack, hca("mlx5_0", "DOWN"), hca("mlx5_1", "DOWN"))) is Severity.WARNING


def test_a_port_that_was_asked_for_is_a_warning(pack: Pack) -> None:
    result = look(pack, *eight(), ROCE_DOWN, NCCL_IB_HCA="mlx5_0,mlx5_8:1")
    assert codes(result) == ["DSN083"]
    assert severity(result) is Severity.WARNING


def test_switched_off_by_a_variable(pack: Pack) -> None:
    result = look(pack, *eight(), NCCL_IB_DISABLE="1")
    assert codes(result) == ["DSN084"]
    assert "8 ports are active (8 x 400 Gb/sec (4X NDR))" in result.findings[0].message
    assert not codes(look(pack, *eight(), hosts=1, NCCL_IB_DISABLE="1"))
    assert not codes(look(pack, *eight(), NCCL_IB_DISABLE="0"))


def test_ethernet_that_may_not_be_able_to_do_roce_is_a_note(pack: Pack) -> None:
    card = hca("mlx5_0", layer="Ethernet", rate="50 Gb/sec (1X HDR)")
    assert severity(look(pack, card, NCCL_IB_DISABLE="1")) is Severity.INFO
    bare = asked(PROBES, site(FakeNetwork(hcas=[card]), FakeHost(), hosts=2), pack)
    assert (codes(bare), severity(bare)) == (["DSN031"], Severity.INFO)


@pytest.mark.parametrize("value", ["mlx5_9", "mlx5_1,rocep", "=mlx5", "mlx5_0:2"])
def test_a_card_that_is_not_there(pack: Pack, value: str) -> None:
    result = look(pack, *eight(), NCCL_IB_HCA=value)
    assert codes(result) == ["DSN087"]
    assert severity(result) is Severity.WARNING


@pytest.mark.parametrize("value", ["mlx5", "=mlx5_0,mlx5_7", "^mlx5_99", "mlx5_0:1"])
def test_cards_that_are_there(pack: Pack, value: str) -> None:
    assert not codes(look(pack, *eight(), NCCL_IB_HCA=value))


def test_a_variable_on_a_host_without_cards(pack: Pack) -> None:
    result = look(pack, NCCL_IB_HCA="mlx5_0")
    assert codes(result) == ["DSN087"]
    assert "there are" not in result.findings[0].message


def test_a_container_without_the_devices(pack: Pack) -> None:
    host: Any = FakeHost()
    result = asked(PROBES, site(FakeNetwork(hcas=eight()), host, hosts=2), pack)
    assert codes(result) == ["DSN031"]
    assert severity(result) is Severity.WARNING
    alone = asked(PROBES, site(FakeNetwork(hcas=eight()), host), pack)
    assert severity(alone) is Severity.INFO


def test_nobody_tells(pack: Pack) -> None:
    network = FakeNetwork(trouble=Unavailable("no /sys here"))
    result = asked(PROBES, site(network), pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "could not look: no /sys here")


def test_a_crash_is_told(pack: Pack) -> None:
    network = FakeNetwork(trouble=ValueError("odd"))
    assert asked(PROBES, site(network), pack).outcome is Outcome.CRASHED
