"""What names lead to."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.hostname import PROBES
from tests.unit.probes.fakes_network import FakeNetwork
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import shell, site

DEBIAN = {"node-1": ("127.0.1.1",)}


def look(pack: Pack, names: dict[str, Any] | None = None, **more: Any) -> ProbeResult:
    variables = more.pop("variables", {})
    return asked(PROBES, site(FakeNetwork(names=names), shell(**variables), **more), pack)


def test_healthy(pack: Pack) -> None:
    result = look(pack, hosts=2, launch="deepspeed --master_addr 10.0.0.2 train.py")
    assert result.outcome is Outcome.OK
    assert result.summary == "node-1 is 10.0.0.2"
    assert result.facts == {"name leads to": "an address"}


@pytest.mark.parametrize("own", [("127.0.1.1",), ("127.0.0.1", "::1"), ()])
def test_the_own_name_leads_nowhere_on_many_hosts(pack: Pack, own: tuple[str, ...]) -> None:
    result = look(pack, {"node-1": own}, hosts=2)
    assert codes(result) == ["DSN018"]
    assert severity(result) is Severity.INFO


def test_one_host_may_call_itself_as_it_likes(pack: Pack) -> None:
    assert not codes(look(pack, DEBIAN))


def test_a_variable_for_gloo_makes_the_name_unimportant(pack: Pack) -> None:
    assert not codes(look(pack, DEBIAN, hosts=2, variables={"GLOO_SOCKET_IFNAME": "eth0"}))


def test_the_master_has_no_address(pack: Pack) -> None:
    result = look(pack, variables={"MASTER_ADDR": "node-9"})
    assert codes(result) == ["DSL005"]
    assert severity(result) is Severity.ERROR
    started = look(pack, variables={"MASTER_ADDR": "node-9"}, launch="srun python train.py")
    assert severity(started) is Severity.FATAL


def test_the_launcher_sets_the_variable_itself(pack: Pack) -> None:
    result = look(pack, variables={"MASTER_ADDR": "node-9"}, launch="deepspeed train.py")
    assert not codes(result)


def test_the_master_of_a_rendezvous(pack: Pack) -> None:
    result = look(pack, launch="torchrun --nnodes 2 --rdzv_endpoint node-9:29501 train.py")
    assert codes(result) == ["DSL005"]
    assert "node-9 (--rdzv_endpoint)" in result.findings[0].message


@pytest.mark.parametrize("master", ["localhost", "127.0.0.1"])
def test_loopback_as_master_of_many_hosts(pack: Pack, master: str) -> None:
    launch = f"deepspeed --master_addr {master} train.py"
    result = look(pack, launch=launch, hostfile=["node-1", "node-2"])
    assert codes(result) == ["DSL067"]
    assert severity(result) is Severity.FATAL


def test_the_own_name_may_lead_elsewhere_on_other_hosts(pack: Pack) -> None:
    launch = "deepspeed --master_addr node-1 train.py"
    result = look(pack, DEBIAN, launch=launch, hosts=2)
    assert codes(result) == ["DSN018", "DSL067"]
    assert {item.severity for item in result.findings} == {Severity.INFO}


def test_another_host_s_name_must_not_lead_here(pack: Pack) -> None:
    launch = "deepspeed --master_addr node-7 train.py"
    result = look(pack, {"node-7": ("127.0.1.1",)}, launch=launch, hosts=2)
    assert (codes(result), severity(result)) == (["DSL067"], Severity.FATAL)


def test_loopback_is_right_for_one_host(pack: Pack) -> None:
    assert not codes(look(pack, variables={"MASTER_ADDR": "127.0.0.1"}))


def test_the_resolver_is_silent(pack: Pack) -> None:
    result = look(pack, {"node-1": Unavailable("no answer for the name node-1 in 3 s")})
    assert result.outcome is Outcome.SKIPPED
    assert "no answer for the name" in result.note


def test_a_crash_is_told(pack: Pack) -> None:
    assert look(pack, {"node-1": ValueError("odd")}).outcome is Outcome.CRASHED
