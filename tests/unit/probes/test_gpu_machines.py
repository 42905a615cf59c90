"""Whole machines as they are sold: a healthy one gets no complaint of warning or above."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.gpus import (
    Fabric,
    Gpu,
    GpuMemory,
    GpuProcess,
    Inventory,
    Link,
    Mark,
)
from dsdoctor.probes.runner import run_probes
from tests.unit.probes.fakes import said
from tests.unit.probes.fakes_gpus import A100, H100, MIB, gpu, machine
from tests.unit.probes.gpu_site import GpuHost, site
from tests.unit.probes.test_gpus_client import ALL

NOT_TOLD = Mark.UNSUPPORTED
GEFORCE = Gpu(
    index=0,
    uuid="GPU-4090",
    name="NVIDIA GeForce RTX 4090",
    bus="0000:01:00",
    capability=(8, 9),
    memory=GpuMemory(24_564 * MIB, 420 * MIB, 400 * MIB),
    processes=(GpuProcess(900, "Xorg", "root", 300 * MIB, computes=False),),
    link=Link(1, 4, 4, 8, 16),
    slow=1,
    temperature=35,
    compute_mode=0,
    persistence=False,
)
"""A card of a desktop, idle, in one of two slots that share their lanes."""


def no_peers(found: Inventory, state: int) -> Inventory:
    return replace(found, pairs=tuple(replace(p, read=state, write=state) for p in found.pairs))


def slot_card(index: int, name: str, capability: tuple[int, int], links: object) -> Gpu:
    plain = gpu(index, A100, capability=capability, fabric=NOT_TOLD, nvlinks=links)
    return replace(plain, name=name)


MACHINES: dict[str, Inventory] = {
    "HGX H200": machine(),
    "HGX H100, no persistence": machine(*(gpu(i, H100, persistence=False) for i in range(8))),
    "board of 4 H100": machine(
        *(gpu(i, H100, fabric=NOT_TOLD, nvlinks=(True,) * 18) for i in range(4))
    ),
    "A100 cards without bridges": machine(
        *(slot_card(i, "NVIDIA A100-PCIE-40GB", (8, 0), (False,) * 12) for i in range(4))
    ),
    "L40S": no_peers(
        machine(*(slot_card(i, "NVIDIA L40S", (8, 9), NOT_TOLD) for i in range(4))), 1
    ),
    "two desktop cards": no_peers(
        machine(GEFORCE, replace(GEFORCE, index=1, bus="0000:02:00", processes=())), 5
    ),
    "one desktop card": machine(GEFORCE),
    "Windows' Linux": machine(replace(GEFORCE, processes=NOT_TOLD, persistence=NOT_TOLD, slow=0)),
    "one instance": machine(
        gpu(0, mig=True, mig_uuids=("MIG-a",), nvlinks=(False,) * 18, fabric=NOT_TOLD)
    ),
    "part of a node": machine(gpu(0, mark=Mark.NO_PERMISSION), gpu(1), gpu(2)),
    "GB200": machine(
        *(replace(gpu(i, fabric=Fabric(3, 0, 1)), capability=(10, 0)) for i in (0, 1))
    ),
    "repaired": machine(gpu(0, ecc_ever=4), gpu(1)),
}
LOG = said("[    0.000000] Linux version 6.8.0\n[ 9.1] NVRM: Xid (PCI:0000:06:00): 43, pid=1\n")


def results_of(pack: Pack, found: Inventory) -> list[ProbeResult]:
    host = GpuHost(commands={"dmesg": LOG}, environment={"SLURM_JOB_ID": "7"})
    return run_probes(ALL, site(found, host), pack)


@pytest.mark.parametrize("name", MACHINES)
def test_a_healthy_machine(pack: Pack, name: str) -> None:
    results = results_of(pack, MACHINES[name])
    wrong = [
        finding.message
        for result in results
        for finding in result.findings
        if finding.severity.level >= Severity.WARNING.level
    ]
    assert not wrong
    assert not [result.note for result in results if result.outcome is Outcome.CRASHED]


@pytest.mark.parametrize("name", MACHINES)
def test_facts_are_json_and_stay_the_same(pack: Pack, name: str) -> None:
    found = MACHINES[name]
    later = replace(
        found,
        gpus=tuple(
            replace(item, uuid=f"{item.uuid}9", temperature=55, slow=4) for item in found.gpus
        ),
    )
    first = {result.probe: dict(result.facts) for result in results_of(pack, found)}
    second = {result.probe: dict(result.facts) for result in results_of(pack, later)}
    assert first == second
    assert json.loads(json.dumps(first)) == first


def test_every_finding_has_a_way_out_that_can_be_checked(pack: Pack) -> None:
    ids = {probe.id for probe in ALL}
    rules = [rule for rule in pack if rule.preflight and rule.preflight.probe in ids]
    assert len(rules) > 30
    for rule in rules:
        assert any(remedy.confirm for remedy in rule.remedies), rule.code
        assert any(remedy.command or remedy.env for remedy in rule.remedies), rule.code
