"""What the probe says of CUDA_VISIBLE_DEVICES."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.gpus import Inventory, Mark
from dsdoctor.probes.gpu_visible import PROBES
from tests.unit.probes.fakes_gpus import A100, gpu, machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)

UUID = gpu(0).uuid
TORCHRUN = "torchrun --nproc_per_node 2 train.py"


def looked(
    pack: Pack, value: str, launch: str = "", gpus: Inventory | None = None, **more: Any
) -> ProbeResult:
    """What the probe says of four GPUs, or others, and that value."""
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": value, **more.pop("environment", {})})
    given = job(launch=launch) if launch else None
    return asked(PROBES, site(gpus or machine(count=4), host, job=given, **more), pack)


def test_not_set(pack: Pack) -> None:
    result = asked(PROBES, site(machine(count=4)), pack)
    assert (result.outcome, result.facts) == (Outcome.OK, {"visible": 4})


@pytest.mark.parametrize("value", ["0,1,2,3", "3", " 0 , 1"])
@pytest.mark.parametrize("launch", ["", "deepspeed train.py", TORCHRUN])
def test_healthy(pack: Pack, value: str, launch: str) -> None:
    result = looked(pack, value, launch)
    assert result.outcome is Outcome.OK
    assert result.facts == {"visible": value.count(",") + 1}


@pytest.mark.parametrize(
    ("value", "launch", "expected"),
    [
        ("0,1,8", "", Severity.ERROR),
        ("8,0,1", "", Severity.FATAL),
        ("0,1,8", "deepspeed train.py", Severity.FATAL),
        ("0,1,-1", TORCHRUN, Severity.WARNING),
        ("0,8", TORCHRUN, Severity.ERROR),
        ("0,1,banana", "", Severity.ERROR),
        ("GPU-ffffffff", "", Severity.FATAL),
    ],
)
def test_not_there(pack: Pack, value: str, launch: str, expected: Severity) -> None:
    result = looked(pack, value, launch)
    assert (codes(result), severity(result)) == (["DSH132"], expected)
    message = result.findings[0].message
    assert message.startswith(f"CUDA_VISIBLE_DEVICES={value}: '")
    assert message.endswith("GPUs here: 0-3")


def test_junk_behind_a_number(pack: Pack) -> None:
    result = looked(pack, "0 1")
    assert (codes(result), severity(result)) == (["DSH132"], Severity.ERROR)
    assert "'0 1' is read as 0, so a process sees GPU 0;" in result.findings[0].message


@pytest.mark.parametrize(
    ("launch", "expected", "words"),
    [
        ("", Severity.ERROR, "a process sees no GPU at all"),
        (TORCHRUN, Severity.FATAL, "a process sees no GPU at all"),
        ("deepspeed train.py", Severity.WARNING, "the deepspeed launcher starts one rank"),
    ],
)
def test_twice(pack: Pack, launch: str, expected: Severity, words: str) -> None:
    result = looked(pack, "1,1", launch)
    assert (codes(result), severity(result)) == (["DSH133"], expected)
    assert words in result.findings[0].message


@pytest.mark.parametrize("value", ["", "-1", "NoDevFiles"])
def test_all_hidden(pack: Pack, value: str) -> None:
    result = looked(pack, value)
    assert (codes(result), severity(result)) == (["DSH142"], Severity.FATAL)
    assert result.facts == {"visible": 0}
    meant = looked(pack, value, environment={"DS_ACCELERATOR": "cpu"})
    assert severity(meant) is Severity.INFO


@pytest.mark.parametrize(
    ("launch", "expected"),
    [("deepspeed train.py", Severity.FATAL), ("", Severity.WARNING), (TORCHRUN, None)],
)
def test_uuids_and_the_deepspeed_launcher(
    pack: Pack, launch: str, expected: Severity | None
) -> None:
    result = looked(pack, UUID, launch)
    assert codes(result) == (["DSL035"] if expected else [])
    if expected:
        assert severity(result) is expected


def test_a_comma_at_the_end_stops_the_deepspeed_launcher_only(pack: Pack) -> None:
    assert codes(looked(pack, "0,1,", "deepspeed train.py")) == ["DSL035"]
    assert not codes(looked(pack, "0,1,", TORCHRUN))


@pytest.mark.parametrize("value", ["0,8", "1,1", UUID, "-1"])
def test_the_launcher_that_sets_it_anew(pack: Pack, value: str) -> None:
    result = looked(pack, value, "deepspeed --num_gpus 2 train.py")
    assert result.outcome is Outcome.OK
    assert result.summary == "all: the deepspeed launcher sets it anew"
    assert codes(looked(pack, "", "deepspeed --num_gpus 2 train.py")) == ["DSH142"]


def test_the_order_of_different_cards(pack: Pack) -> None:
    mixed = machine(gpu(0, A100), gpu(1))
    result = looked(pack, "0", gpus=mixed)
    assert (codes(result), severity(result)) == (["DSH134"], Severity.WARNING)
    by_bus = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert not codes(looked(pack, "0", gpus=mixed, environment=by_bus))


def test_the_launcher_sorts(pack: Pack) -> None:
    result = looked(pack, "3,1", "deepspeed train.py")
    assert (codes(result), severity(result)) == (["DSH141"], Severity.INFO)
    assert result.findings[0].message.endswith("local rank 0 runs on GPU 1")
    assert not codes(looked(pack, "3,1", TORCHRUN))


def test_a_job_with_a_part_of_the_node(pack: Pack) -> None:
    """The driver lists all, this user may open two, and CUDA counts those."""
    others = [gpu(index, mark=Mark.NO_PERMISSION) for index in range(2)]
    part = machine(*others, gpu(2), gpu(3))
    assert not codes(looked(pack, "0,1", gpus=part))


def test_a_long_value_is_cut(pack: Pack) -> None:
    result = looked(pack, "junk" * 10_000)
    assert len(result.findings[0].message) < 500
    assert len(result.summary) < 200


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)
    divided = machine(gpu(0, mig=True, mig_uuids=("MIG-a",)))
    result = looked(pack, "0", gpus=divided)
    assert result.note == "MIG is on: CUDA counts instances, not GPUs"
    assert codes(looked(pack, "MIG-a", TORCHRUN, gpus=divided)) == []
    assert codes(looked(pack, "MIG-b", TORCHRUN, gpus=divided)) == ["DSH132"]


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
