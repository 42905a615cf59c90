"""Many hosts, one report: what differs, who is silent, what is said once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.harmless import ForeignError
from dsdoctor.model import Confidence, Finding, Outcome, ProbeResult, Report, Role, Severity
from dsdoctor.probes.here import this_site
from dsdoctor.probes.hosts.compared import COMPARED, Compared
from dsdoctor.probes.hosts.differences import _at
from dsdoctor.probes.hosts.merge import HostAnswers, merged
from dsdoctor.probes.hosts.parcel import Parcel, pack_up, unpack
from dsdoctor.probes.registry import PROBES
from dsdoctor.probes.runner import run_probes
from dsdoctor.report import json_v1
from dsdoctor.report.lines import as_plain
from dsdoctor.report.preflight_text import render
from tests.conftest import ROOT

FACTS: Mapping[str, Mapping[str, Any]] = {
    "gpus": {
        "count": 8,
        "driver": "580.95",
        "gpus": [{"name": "NVIDIA H100", "memory_gib": 80}] * 8,
    },
    "versions": {"torch": "2.11.0", "deepspeed": "0.19.8", "python": "3.12.1"},
    "memory": {"ram_gib": 1007},
    "interfaces": {"interfaces": {"eth0": {"mtu": 1500}, "ib0": {"mtu": 2044}}},
}


def host(name: str, clock: float = 1000.0, **facts: Mapping[str, Any]) -> Parcel:
    """What a host of the usual kind sends, with some facts changed."""
    table = {probe: {**known, **facts.get(probe, {})} for probe, known in FACTS.items()}
    results = tuple(ProbeResult(probe, Outcome.OK, "fine", facts=table[probe]) for probe in table)
    return unpack(pack_up(Parcel(host=name, clock=clock, results=results)))


def complaining(parcel: Parcel, *findings: Finding) -> Parcel:
    """The same host with findings of one probe."""
    result = ProbeResult("shm", Outcome.ATTENTION, "small", findings)
    return replace(parcel, results=(*parcel.results, result))


def finding(message: str, code: str = "DSM023", severity: str = "warning") -> Finding:
    return Finding(
        code, "x", "x", Severity(severity), Confidence.CERTAIN, Role.CAUSE, message=message
    )


def report(pack: Pack, *parcels: Parcel, **more: Any) -> Report:
    table = {parcel.host: parcel for parcel in parcels}
    asked = [*table, *more.get("silent", {})]
    return merged(HostAnswers(table, **more), asked, pack, 1.0)


def said(answer: Report, code: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.message, item.hosts) for item in answer.findings if item.code == code]


def many(count: int) -> list[Parcel]:
    return [host(f"node-{number}") for number in range(1, count + 1)]


def test_equal_hosts_have_nothing_to_tell(pack: Pack) -> None:
    answer = report(pack, *many(4))
    assert not answer.findings
    assert answer.coverage.notes == ("4 of 4 hosts answered",)
    assert {item.host for item in answer.probes} == {f"node-{number}" for number in range(1, 5)}


def test_the_odd_one_out_is_named_against_the_many(pack: Pack) -> None:
    odd = host("node-17", gpus={"driver": "535.1"})
    answer = report(pack, *many(9), odd)
    assert said(answer, "DSH011") == [
        ("NVIDIA driver differs: node-17: 535.1; 580.95 on the other 9", ("node-17",))
    ]


def test_several_values(pack: Pack) -> None:
    """Hosts with the same odd value stand together."""
    odd = [
        host("a", versions={"torch": "2.9.0"}),
        host("b", versions={"torch": "2.9.0"}),
        host("c", versions={"torch": "2.8.1"}),
    ]
    answer = report(pack, *many(5), *odd)
    message = "torch differs: a, b: 2.9.0, c: 2.8.1; 2.11.0 on the other 5"
    assert said(answer, "DSH011") == [(message, ("a", "b", "c"))]
    assert answer.findings[0].severity is Severity.ERROR


def test_of_two_hosts_the_first_is_the_usual_one(pack: Pack) -> None:
    answer = report(pack, host("a"), host("b", gpus={"count": 4}))
    assert said(answer, "DSH011") == [("number of GPUs differs: b: 4; 8 on the other 1", ("b",))]


@pytest.mark.parametrize(("total", "odd"), [(1000, 0), (960, 0), (500, 1)])
def test_memory_may_differ_a_little(pack: Pack, total: int, odd: int) -> None:
    answer = report(pack, *many(3), host("x", memory={"ram_gib": total}))
    assert len(said(answer, "DSH011")) == odd


def test_interfaces(pack: Pack) -> None:
    other = host("x", interfaces={"interfaces": {"eth0": {"mtu": 9000}}})
    assert [message for message, _ in said(report(pack, *many(3), other), "DSH011")] == [
        "MTU differs: x: 9000; 1500 and 2044 on the other 3",
        "set of network interfaces differs: x: eth0; eth0, ib0 on the other 3",
    ]


def test_what_is_compared_is_there(pack: Pack) -> None:
    """Each path leads to a fact of this machine, or of the captured one with GPUs."""
    captured = json.loads((ROOT / "fixtures/preflight/healthy/report.json").read_text())
    known = {item["probe"]: item["facts"] for item in captured["probes"]}
    own = run_probes([probe for probe in PROBES if not probe.deep], this_site(None), pack)
    for result in own:
        known[result.probe] = {**known.get(result.probe, {}), **result.facts}
    absent = [row for row in COMPARED if row.path != ("limit_gib",) and at(known, row) is None]
    assert not absent
    assert "limit_gib" in known["memory"]


def at(known: dict[str, Any], row: Compared) -> Any:
    return _at(known.get(row.probe), row.path)


def test_mixed_gpus_within_a_host(pack: Pack) -> None:
    gpus = [{"name": "NVIDIA A100", "memory_gib": 80}, *FACTS["gpus"]["gpus"][1:]]
    answer = report(pack, *many(3), host("x", gpus={"gpus": gpus}))
    (message, _), *others = said(answer, "DSH011")
    assert message.startswith("GPU model differs: x: NVIDIA A100 and NVIDIA H100; NVIDIA H100")
    assert not others


def test_a_probe_that_did_not_look_differs_from_nobody(pack: Pack) -> None:
    blind = host("x")
    skipped = tuple(
        replace(item, outcome=Outcome.SKIPPED, facts={}, note="no NVML") for item in blind.results
    )
    assert not report(pack, *many(3), replace(blind, results=skipped)).findings


def test_silent_hosts_are_findings(pack: Pack) -> None:
    reasons = {
        "node-8": "ssh: connect to host node-8 port 22: Connection refused",
        "node-9": "ssh: connect to host node-9 port 22: Connection refused",
        "node-7": "no answer in time",
    }
    answer = report(pack, *many(2), silent=reasons)
    refused, late = said(answer, "DSH020")
    assert refused[1] == ("node-8", "node-9")
    assert refused[0] == (
        "no answer from node-8, node-9: ssh: connect to host … port 22: Connection refused"
    )
    assert late == ("no answer from node-7: no answer in time", ("node-7",))
    assert "would fail at start" in answer.verdict.summary
    assert answer.coverage.notes[0] == "2 of 5 hosts answered"


def test_clocks(pack: Pack) -> None:
    """What all have in common is the way; the one that is off is accused."""
    parcels = [host(f"n{number}", clock=1000.0 + number / 4) for number in range(6)]
    parcels.append(host("late", clock=940.0))
    arrived = {parcel.host: 1010.0 for parcel in parcels}
    answer = report(pack, *parcels, arrived=arrived)
    (message, hosts), *others = said(answer, "DSH180")
    assert (message, hosts, others) == (
        "the clock of late is about 60 s behind the other hosts'",
        ("late",),
        [],
    )


def test_slots_without_gpus(pack: Pack) -> None:
    cpu_only = host("cpu", gpus={"count": 0})
    short = host("short", gpus={"count": 7})
    slots = {"cpu": 8, "short": 8, "node-1": 8}
    answer = report(pack, cpu_only, short, *many(1), slots=slots, hostfile="hosts")
    assert said(answer, "DSH181") == [
        ("short has 7 GPUs, and the host file gives it 8 slots", ("short",))
    ]


def test_the_same_finding_on_many_hosts_is_one(pack: Pack) -> None:
    parcels = [complaining(item, finding("too small")) for item in many(40)]
    answer = report(pack, *parcels)
    (only,) = answer.findings
    assert (only.count, len(only.hosts)) == (40, 40)


def test_different_words_are_folded_beyond_a_few(pack: Pack) -> None:
    parcels = [
        complaining(item, finding(f"{number} MiB"), finding("other", "DSM022", "fatal"))
        for number, item in enumerate(many(40))
    ]
    answer = report(pack, *parcels)
    messages = [item.message for item in answer.findings]
    assert messages == [
        "other",
        *(f"{number} MiB" for number in range(5)),
        "5 MiB (and 34 more like it)",
    ]
    assert answer.findings[-1].count == 35


def test_512_hosts_fit_on_a_page(pack: Pack) -> None:
    parcels = [complaining(item, finding("too small")) for item in many(510)]
    odd = host("node-511", gpus={"driver": "535.1"}, versions={"python": "3.10.1"})
    answer = report(pack, *parcels, odd, silent={"node-512": "no answer in time"})
    text = as_plain(render(answer, 100))
    assert len(text.splitlines()) < 60
    assert "node-511: 535.1; 580.95 on the other 510" in text
    assert "no answer from node-512" in text
    assert len(json.loads(json_v1.render(answer))["probes"]) == 511 * 4 + 510


def test_what_another_host_sends_is_not_trusted() -> None:
    nasty = replace(host("x"), results=(ProbeResult("gpus", Outcome.OK, "\x1b[31mred\x07"),))
    assert unpack(pack_up(nasty)).results[0].summary == "red"
    for data in (
        b"",
        b"[]",
        b'{"schema": "other/1"}',
        b'{"schema": "dsdoctor.probes/1", "clock": "x"}',
    ):
        with pytest.raises(ForeignError):
            unpack(data)
