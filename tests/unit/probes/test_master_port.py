"""The port on which the ranks meet."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.listeners import Holder
from dsdoctor.probes.clients.network import Bind
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.master_port import PROBES
from tests.unit.probes.fakes_network import FakeNetwork
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import shell, site

OTHER = Holder(4711, "python train.py --token s3cret", "ann")


def look(pack: Pack, network: FakeNetwork | None = None, **more: Any) -> ProbeResult:
    variables = more.pop("variables", {})
    return asked(PROBES, site(network, shell(**variables), **more), pack)


def taken(port: int, holder: Holder | None = OTHER) -> FakeNetwork:
    return FakeNetwork(ports={port: Bind.TAKEN}, holders={port: holder} if holder else {})


@pytest.mark.parametrize(
    ("launch", "variables", "summary"),
    [
        ("", {}, "29500 is free (DeepSpeed's default)"),
        ("deepspeed train.py", {"MASTER_PORT": "1"}, "29500 is free (default of deepspeed)"),
        ("deepspeed --master_port 29601 train.py", {}, "29601 is free (--master_port)"),
        ("accelerate launch --main_process_port 3 x.py", {}, "3 is free (--main_process_port)"),
        ("torchrun --rdzv_endpoint node-1:29602 t.py", {}, "29602 is free (--rdzv_endpoint)"),
        ("srun python train.py", {"MASTER_PORT": "29603"}, "29603 is free (MASTER_PORT)"),
    ],
)
def test_healthy(pack: Pack, launch: str, variables: dict[str, str], summary: str) -> None:
    result = look(pack, launch=launch, variables=variables)
    assert (result.outcome, result.summary) == (Outcome.OK, summary)
    assert "port" in result.facts


def test_taken_by_another_job(pack: Pack) -> None:
    result = look(pack, taken(29500), launch="deepspeed train.py")
    assert codes(result) == ["DSL001"]
    assert severity(result) is Severity.FATAL
    assert result.findings[0].message == (
        "Port 29500 (default of deepspeed) is already in use on this host: "
        "process 4711 (python train.py --token) of ann"
    )


def test_taken_by_nobody_knows_whom(pack: Pack) -> None:
    result = look(pack, taken(29500, None), launch="deepspeed train.py")
    assert result.findings[0].message.endswith("in use on this host")
    named = look(pack, taken(29500, Holder(user="bob")), launch="deepspeed train.py")
    assert named.findings[0].message.endswith("in use on this host: a process of bob")


def test_a_default_that_nobody_asked_for_is_a_warning(pack: Pack) -> None:
    assert severity(look(pack, taken(29500))) is Severity.WARNING
    assert severity(look(pack, taken(4), variables={"MASTER_PORT": "4"})) is Severity.FATAL


def test_not_allowed(pack: Pack) -> None:
    network = FakeNetwork(ports={80: Bind.FORBIDDEN})
    assert codes(look(pack, network, variables={"MASTER_PORT": "80"})) == ["DSL002"]


@pytest.mark.parametrize("value", ["port", "-1", "70000", "29500x", "9" * 30])
def test_no_port_at_all(pack: Pack, value: str) -> None:
    assert codes(look(pack, variables={"MASTER_PORT": value})) == ["DSL022"]


@pytest.mark.parametrize(
    ("launch", "why"),
    [
        ("torchrun --standalone train.py", "torchrun --standalone takes a free port"),
        ("accelerate launch --main_process_port 0 x.py", "the system will choose a free port"),
        ("deepspeed --master_addr 10.0.0.3 train.py", "the master is 10.0.0.3"),
    ],
)
def test_skipped(pack: Pack, launch: str, why: str) -> None:
    result = look(pack, launch=launch, hosts=2)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, why)


def test_the_first_host_of_the_hostfile_is_the_master(pack: Pack) -> None:
    network = FakeNetwork(names={"node-0": ("10.0.0.1",)}, ports={29500: Bind.TAKEN})
    assert look(pack, network, hostfile=["node-0", "node-1"]).outcome is Outcome.SKIPPED
    assert codes(look(pack, network, hostfile=["node-1", "node-0"])) == ["DSL001"]


def test_nobody_tells(pack: Pack) -> None:
    result = look(pack, FakeNetwork(trouble=Unavailable("no network")))
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "could not look: no network")


def test_a_crash_is_told(pack: Pack) -> None:
    assert look(pack, FakeNetwork(trouble=ValueError("odd"))).outcome is Outcome.CRASHED
