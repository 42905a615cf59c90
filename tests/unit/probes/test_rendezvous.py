"""Hosts that try to meet on the master's port."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult
from dsdoctor.probes import rendezvous
from dsdoctor.probes.clients.network import Bind
from dsdoctor.probes.rendezvous import PROBES
from dsdoctor.probes.site import Meeting
from tests.unit.probes.fakes_network import FakeNetwork
from tests.unit.probes.gpu_site import asked, codes
from tests.unit.probes.network_site import shell, site

AT_MASTER = Meeting("node-1", 29500, 3)
ELSEWHERE = Meeting("node-7", 29500, 3)
NAMES = {"node-7": ("10.0.0.7",)}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendezvous, "PATIENCE", 0.1)
    monkeypatch.setattr(rendezvous, "PAUSE", 0.01)


def look(pack: Pack, network: FakeNetwork, meeting: Meeting | None, **env: str) -> ProbeResult:
    more: dict[str, Any] = {"meeting": meeting, "hosts": 4}
    return asked(PROBES, site(network, shell(**env), **more), pack)


def test_the_master_hears_all(pack: Pack) -> None:
    result = look(pack, FakeNetwork(), AT_MASTER)
    assert (result.outcome, result.summary) == (
        Outcome.OK,
        "3 of 3 hosts reached port 29500 here",
    )


def test_whoever_did_not_reach_the_master_says_so_itself(pack: Pack) -> None:
    """The master does not know who is missing, and a silent host is told of anyway."""
    result = look(pack, FakeNetwork(peers=1), AT_MASTER)
    assert (result.outcome, result.summary[:6]) == (Outcome.OK, "1 of 3")


def test_reached(pack: Pack) -> None:
    result = look(pack, FakeNetwork(names=NAMES), ELSEWHERE)
    assert (result.outcome, result.summary) == (Outcome.OK, "node-7:29500 can be reached")


def test_blocked(pack: Pack) -> None:
    network = FakeNetwork(names=NAMES, refused={("node-7", 29500): "timed out"})
    result = look(pack, network, ELSEWHERE)
    assert codes(result) == ["DSL004"]
    assert result.findings[0].message == (
        "this host cannot connect to the master node-7 on port 29500: timed out"
    )


@pytest.mark.parametrize(
    ("name", "addresses", "variables"),
    [
        ("node-1", (), {}),
        ("10.0.0.2", (), {}),
        ("alias", ("10.0.0.2",), {}),
        ("alias", ("127.0.1.1",), {}),
        ("gpu1", (), {"SLURMD_NODENAME": "gpu1"}),
    ],
)
def test_who_the_master_is(
    pack: Pack, name: str, addresses: tuple[str, ...], variables: dict[str, str]
) -> None:
    network = FakeNetwork(names={name: addresses} if addresses else {}, peers=2)
    assert "of 2 hosts" in look(pack, network, Meeting(name, 1, 2), **variables).summary


def test_skipped_for_one_host(pack: Pack) -> None:
    assert look(pack, FakeNetwork(), None).outcome is Outcome.SKIPPED


def test_the_port_is_taken(pack: Pack) -> None:
    """The probe of the port itself reports it."""
    result = look(pack, FakeNetwork(ports={29500: Bind.TAKEN}), AT_MASTER)
    assert (result.outcome, "cannot be opened" in result.note) == (Outcome.SKIPPED, True)


def test_no_answer(pack: Pack) -> None:
    result = look(pack, FakeNetwork(trouble=RuntimeError("boom")), ELSEWHERE)
    assert (result.outcome, "boom" in result.note) == (Outcome.CRASHED, True)


def test_text_form() -> None:
    assert Meeting.parse(str(ELSEWHERE)) == ELSEWHERE
    assert Meeting.parse("") is None
    for text in ("node-7", "node-7,x,3", ",1,2", "node-7,1"):
        with pytest.raises(UsageError, match="not a meeting"):
            Meeting.parse(text)
