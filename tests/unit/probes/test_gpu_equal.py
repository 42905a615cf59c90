"""GPUs that are not alike."""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import GpuMemory
from dsdoctor.probes.gpu_equal import PROBES
from tests.unit.probes.fakes_gpus import A100, H100, MIB, gpu, machine
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)


def test_eight_alike(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert (result.outcome, result.summary, result.facts) == (
        Outcome.OK,
        "8 alike",
        {"alike": True},
    )


def test_a_smaller_card_is_the_limit_for_all(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1), gpu(2, A100))), pack)
    assert codes(result) == ["DSH130"]
    assert severity(result) is Severity.WARNING
    message = result.findings[0].message
    assert "model NVIDIA H200 on GPU 0-1, NVIDIA A100-SXM4-40GB on GPU 2" in message
    assert "memory 140.4 GiB on GPU 0-1, 40.0 GiB on GPU 2" in message
    assert "compute capability 9.0 on GPU 0-1, 8.0 on GPU 2" in message
    assert message.endswith("the smallest, 40.0 GiB, is the limit for all")
    assert result.facts == {"alike": False}


def test_another_name_for_the_same_card_is_a_word_only(pack: Pack) -> None:
    two = machine(gpu(0, H100), replace(gpu(1, H100), name="NVIDIA H100 80GB"))
    result = asked(PROBES, site(two), pack)
    assert (codes(result), severity(result)) == (["DSH130"], Severity.INFO)
    assert "limit" not in result.findings[0].message


def test_a_little_less_memory_is_no_difference(pack: Pack) -> None:
    less = GpuMemory(143_771 * MIB - 2_000 * MIB, 0, 616 * MIB)
    assert not codes(asked(PROBES, site(machine(gpu(0), gpu(1, memory=less))), pack))


def test_half_the_memory_of_the_same_model(pack: Pack) -> None:
    less = GpuMemory(143_771 * MIB // 2, 0, 616 * MIB)
    result = asked(PROBES, site(machine(gpu(0), gpu(1, memory=less))), pack)
    assert severity(result) is Severity.WARNING
    assert "the smallest, 70.2 GiB" in result.findings[0].message


def test_only_the_gpus_of_the_job_count(pack: Pack) -> None:
    mixed = machine(gpu(0, A100), gpu(1), gpu(2))
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "1,2"})
    assert not codes(asked(PROBES, site(mixed, host), pack))
    assert asked(PROBES, site(mixed, wanted_gpus=1), pack).note == "only one GPU"


def test_one_gpu_is_alike(pack: Pack) -> None:
    assert asked(PROBES, site(machine(count=1)), pack).outcome is Outcome.SKIPPED


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
