"""Compute mode, MIG, persistence."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import GpuProcess, Mark
from dsdoctor.probes.gpu_modes import PROBES
from tests.unit.probes.fakes_gpus import gpu, machine, process
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    quiet,
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)

EXCLUSIVE, PROHIBITED = 3, 2
DRAWING = GpuProcess(8, "Xorg", "root", 1 << 20, computes=False)


def test_as_nvidia_ships_them(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "compute mode Default")
    assert result.facts == {"compute_mode": ["Default"], "mig": 0, "persistence": True}


def test_unknown_modes_are_no_fault(pack: Pack) -> None:
    unknown = gpu(0, compute_mode=Mark.FAILED, persistence=Mark.UNSUPPORTED, mig=Mark.UNSUPPORTED)
    result = asked(PROBES, site(machine(unknown)), pack)
    assert not codes(result)
    assert result.facts["compute_mode"] == ["unknown"]


def test_persistence_off_is_for_information(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, persistence=False))), pack)
    assert (codes(result), severity(result)) == (["DSH139"], Severity.INFO)
    assert result.facts["persistence"] is False


def test_prohibited(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1, compute_mode=PROHIBITED))), pack)
    assert (codes(result), severity(result)) == (["DSH056"], Severity.FATAL)
    assert "GPU 1 (0000:07:00): Prohibited" in result.findings[0].message


def test_a_prohibited_gpu_that_the_job_does_not_take(pack: Pack) -> None:
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0"})
    two = machine(gpu(0), gpu(1, compute_mode=PROHIBITED))
    assert not codes(asked(PROBES, site(two, host), pack))


def test_exclusive_and_taken(pack: Pack) -> None:
    taken = gpu(0, compute_mode=EXCLUSIVE, processes=(process(77),))
    result = asked(PROBES, site(machine(taken)), pack)
    assert (codes(result), severity(result)) == (["DSH056"], Severity.FATAL)
    assert "Exclusive_Process, and pid 77 has it" in result.findings[0].message


@pytest.mark.parametrize(
    "processes",
    [
        (),
        Mark.NO_PERMISSION,
        (DRAWING,),
        (GpuProcess(9, "nvidia-cuda-mps-server", "root", 30 << 20), process(10)),
        (GpuProcess(11, "", "", 30 << 20),),
    ],
    ids=["free", "not told", "a screen", "MPS", "out of sight"],
)
def test_exclusive_and_not_known_to_be_taken(pack: Pack, processes: object) -> None:
    free = gpu(0, compute_mode=EXCLUSIVE, processes=processes)
    result = asked(PROBES, site(machine(free)), pack)
    assert (codes(result), severity(result)) == (["DSH056"], Severity.INFO)


def test_divided_gpus(pack: Pack) -> None:
    divided = [gpu(index, mig=True, mig_uuids=("MIG-a", "MIG-b")) for index in range(2)]
    result = asked(PROBES, site(machine(*divided)), pack)
    assert (codes(result), severity(result)) == (["DSH055"], Severity.WARNING)
    assert "2 instances" in result.findings[0].message
    assert result.facts["mig"] == 2


def test_one_rank_may_use_one_instance(pack: Pack) -> None:
    one = machine(gpu(0, mig=True, mig_uuids=("MIG-a",)))
    assert quiet(asked(PROBES, site(one), pack))
    two = machine(gpu(0, mig=True, mig_uuids=("MIG-a", "MIG-b")))
    assert quiet(asked(PROBES, site(two, wanted_gpus=1), pack))


def test_divided_into_nothing(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, mig=True)), wanted_gpus=1), pack)
    assert (codes(result), severity(result)) == (["DSH055"], Severity.ERROR)
    assert "no instances" in result.findings[0].message


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
