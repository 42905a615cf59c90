"""PCIe, NVLink and peer access."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import Fabric, Gpu, Inventory, Link, Mark, Pair
from dsdoctor.probes.gpu_links import PROBES
from tests.unit.probes.fakes_gpus import A100, H100, H200, gpu, machine
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    quiet,
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)

IDLE = Link(1, 5, 5, 16, 16)
HALF, QUARTER = Link(5, 5, 5, 8, 16), Link(5, 5, 5, 4, 16)


def card(index: int, **changes: Any) -> Gpu:
    """A card in a slot, with an NVLink bridge."""
    plain = gpu(index, A100, fabric=Mark.UNSUPPORTED, nvlinks=(True,) * 4)
    return replace(plain, name="NVIDIA A100-PCIE-40GB", **changes)


def apart(found: Inventory, state: int | Mark) -> Inventory:
    """The machine with that state between all pairs."""
    return replace(found, pairs=tuple(replace(p, read=state, write=state) for p in found.pairs))


def test_healthy(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "gen5 x16; 18 NVLinks each")
    assert result.facts == {
        "pcie": ["gen5 x16"] * 8,
        "nvlinks": [18] * 8,
        "topology": {"SYS": 28},
    }


def test_an_idle_gpu_saves_power(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, link=IDLE), gpu(1))), pack)
    assert result.outcome is Outcome.OK
    assert result.facts["pcie"] == ["gen5 x16"] * 2


def test_nothing_told_is_nothing_wrong(pack: Pack) -> None:
    marks = Link(*(Mark.UNSUPPORTED,) * 5)
    mute = [gpu(0, link=marks, nvlinks=Mark.UNSUPPORTED), gpu(1, link=None, nvlinks=Mark.FAILED)]
    result = asked(PROBES, site(apart(machine(*mute), Mark.UNSUPPORTED)), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "PCIe unknown")
    assert result.facts["nvlinks"] == [None, None]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([HALF, Link(5, 5, 5, 16, 16)], Severity.WARNING),
        ([QUARTER, QUARTER], Severity.WARNING),
        ([HALF, HALF], Severity.INFO),
        ([HALF], Severity.INFO),
        ([Link(1, 5, 5, 8, 16), IDLE], Severity.INFO),
        ([Link(1, 5, 5, 1, 16)], Severity.INFO),
    ],
    ids=["one of two", "very narrow", "by design", "only one", "asleep", "asleep and narrow"],
)
def test_fewer_lanes(pack: Pack, links: list[Link], expected: Severity) -> None:
    gpus = [gpu(index, link=link) for index, link in enumerate(links)]
    result = asked(PROBES, site(machine(*gpus)), pack)
    assert (codes(result), severity(result)) == (["DSH057"], expected)
    assert f"GPU 0 (0000:06:00): {links[0].width} of 16 PCIe lanes" in result.findings[0].message


def test_an_older_slot_is_for_information(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, link=Link(4, 4, 5, 16, 16)))), pack)
    assert (codes(result), severity(result)) == (["DSH136"], Severity.INFO)
    assert "PCIe generation 4, the card has 5" in result.findings[0].message
    assert result.facts["pcie"] == ["gen4 x16"]


def test_a_gpu_with_fewer_nvlinks_than_its_like(pack: Pack) -> None:
    weak = gpu(1, nvlinks=(True,) * 16 + (False,) * 2)
    result = asked(PROBES, site(machine(gpu(0), weak)), pack)
    assert (codes(result), severity(result)) == (["DSH137"], Severity.WARNING)
    assert "GPU 1 (0000:07:00): 16 of 18 links up" in result.findings[0].message
    assert result.summary == "gen5 x16; 16 to 18 NVLinks each"


@pytest.mark.parametrize("name", [H100, H200, A100])
def test_no_nvlink_up_on_a_board(pack: Pack, name: str) -> None:
    fabric = Fabric(3, 0, 0) if name == H200 else Mark.UNSUPPORTED
    down = [gpu(index, name, nvlinks=(False,) * 12, fabric=fabric) for index in range(2)]
    result = asked(PROBES, site(machine(*down)), pack)
    assert (codes(result), severity(result)) == (["DSH137"], Severity.WARNING)
    assert "none of 12 up" in result.findings[0].message


def test_cards_without_a_bridge(pack: Pack) -> None:
    bare = [card(index, nvlinks=(False,) * 12) for index in range(2)]
    result = asked(PROBES, site(machine(*bare)), pack)
    assert (codes(result), severity(result)) == (["DSH137"], Severity.INFO)


def test_a_card_beside_a_bridged_pair(pack: Pack) -> None:
    mixed = machine(card(0), card(1), card(2, nvlinks=(False,) * 4))
    assert quiet(asked(PROBES, site(mixed), pack))


def test_a_bridge_that_is_half_up(pack: Pack) -> None:
    mixed = machine(card(0), card(1, nvlinks=(True, True, False, False)))
    assert severity(asked(PROBES, site(mixed), pack)) is Severity.WARNING


def test_divided_gpus_have_no_links_and_no_peers(pack: Pack) -> None:
    divided = [gpu(i, mig=True, mig_uuids=("MIG-a",), nvlinks=(False,) * 18) for i in range(2)]
    assert not codes(asked(PROBES, site(apart(machine(*divided), 5)), pack))
    mixed = machine(gpu(0), gpu(1), replace(divided[0], index=2))
    assert not codes(asked(PROBES, site(mixed), pack))


@pytest.mark.parametrize(
    ("state", "expected"),
    [(1, Severity.WARNING), (2, Severity.WARNING), (4, Severity.WARNING), (5, Severity.WARNING)],
)
def test_no_peer_access_on_a_board(pack: Pack, state: int, expected: Severity) -> None:
    result = asked(PROBES, site(apart(machine(count=2), state)), pack)
    assert (codes(result), severity(result)) == (["DSH138"], expected)
    assert "GPU 0-1" in result.findings[0].message


def test_cards_without_peer_access(pack: Pack) -> None:
    cards = machine(card(0), card(1), card(2))
    result = asked(PROBES, site(apart(cards, 1)), pack)
    assert (codes(result), severity(result)) == (["DSH138"], Severity.INFO)
    assert "GPU 0-1, 0-2, 1-2: the chipset does not support it" in result.findings[0].message
    off = asked(PROBES, site(apart(cards, 4)), pack)
    assert severity(off) is Severity.WARNING
    assert "switched it off" in off.findings[0].message


def test_peer_access_of_one_direction_only(pack: Pack) -> None:
    two = replace(machine(count=2), pairs=(Pair(0, 1, 0, 5, 30),))
    result = asked(PROBES, site(two), pack)
    assert codes(result) == ["DSH138"]
    assert result.facts["topology"] == {"PHB": 1}


@pytest.mark.parametrize("state", [6, 99, Mark.NO_PERMISSION])
def test_what_the_driver_does_not_know_is_no_fault(pack: Pack, state: int | Mark) -> None:
    assert not codes(asked(PROBES, site(apart(machine(count=2), state)), pack))


def test_many_pairs_are_cut_short(pack: Pack) -> None:
    result = asked(PROBES, site(apart(machine(count=8), 4)), pack)
    assert "and 20 more pairs" in result.findings[0].message


def test_only_the_gpus_of_the_job(pack: Pack) -> None:
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0,1"})
    found = machine(gpu(0), gpu(1), gpu(2, link=QUARTER, nvlinks=(False,) * 18))
    bad = (Pair(0, 1, 0, 0, 50), Pair(0, 2, 5, 5, 50), Pair(1, 2, 5, 5, 50))
    result = asked(PROBES, site(replace(found, pairs=bad), host), pack)
    assert not codes(result)
    assert result.facts["topology"] == {"SYS": 1}


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
