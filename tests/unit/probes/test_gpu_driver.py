"""The driver against torch's CUDA."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Confidence, Outcome, Severity
from dsdoctor.probes.clients.gpus import Inventory, Mark
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_driver import PROBES
from dsdoctor.probes.runner import run_probes
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes_gpus import FakeGpus, gpu, machine
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    quiet,
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)


def built_for(cuda: str) -> dict[str, str]:
    return {"torch": "2.11.0", "torch.cuda": cuda}


def on(driver: str, cuda: tuple[int, int] | Mark, *capabilities: tuple[int, int]) -> Inventory:
    wanted = capabilities or ((9, 0),)
    gpus = [gpu(index, capability=pair) for index, pair in enumerate(wanted)]
    return machine(*gpus, driver=driver, cuda=cuda)


def test_healthy(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "torch 2.11.0 (CUDA 13.0) on driver 580.159.04"
    assert result.facts == {"torch": "2.11.0", "torch_cuda": "13.0", "driver": "580.159.04"}


@pytest.mark.parametrize("cuda", ["11.8", "12.1", "12.6", "12.8"])
def test_a_newer_driver_runs_what_is_older(pack: Pack, cuda: str) -> None:
    result = asked(PROBES, site(machine(), versions=built_for(cuda)), pack)
    assert result.outcome is Outcome.OK


def test_an_older_major_version(pack: Pack) -> None:
    old = on("570.86.15", (12, 8))
    result = asked(PROBES, site(old, versions=built_for("13.0")), pack)
    assert (codes(result), severity(result)) == (["DSH016"], Severity.FATAL)
    assert result.findings[0].message == (
        "torch 2.11.0 is built for CUDA 13.0, and driver 570.86.15 is too old for it "
        "(it knows CUDA 12.8): 580 or later is needed"
    )


def test_an_older_minor_version_is_for_information(pack: Pack) -> None:
    result = asked(PROBES, site(on("535.104.05", (12, 2)), versions=built_for("12.4")), pack)
    assert (codes(result), severity(result)) == (["DSH140"], Severity.INFO)


def test_a_compatibility_package_counts(pack: Pack) -> None:
    """NVML tells libcuda's version: that of the package, on a driver that is older."""
    result = asked(PROBES, site(on("535.104.05", (13, 0)), versions=built_for("13.0")), pack)
    assert not codes(result)


@pytest.mark.parametrize(
    ("driver", "cuda", "expected"),
    [
        ("515.43.04", "12.1", ["DSH016"]),
        ("525.60.13", "12.1", []),
        ("580.65.06", "13.0", []),
        ("575.51", "13.0", ["DSH016"]),
        ("", "13.0", []),
        ("515.43.04", "99.0", []),
    ],
)
def test_without_its_cuda_version_the_driver_s_own_counts(
    pack: Pack, driver: str, cuda: str, expected: list[str]
) -> None:
    result = asked(PROBES, site(on(driver, Mark.UNSUPPORTED), versions=built_for(cuda)), pack)
    assert codes(result) == expected


@pytest.mark.parametrize(
    ("capability", "cuda"),
    [((10, 0), "12.4"), ((10, 3), "12.6"), ((12, 0), "12.6"), ((9, 0), "11.7")],
)
def test_a_gpu_that_is_too_new(pack: Pack, capability: tuple[int, int], cuda: str) -> None:
    new = on("580.159.04", (13, 0), capability)
    result = asked(PROBES, site(new, versions=built_for(cuda)), pack)
    assert (codes(result), severity(result)) == (["DSH019"], Severity.ERROR)
    assert result.findings[0].confidence is Confidence.LIKELY
    assert "or later" in result.findings[0].message


@pytest.mark.parametrize("capability", [(7, 0), (6, 1), (3, 7)])
def test_a_gpu_that_was_dropped(pack: Pack, capability: tuple[int, int]) -> None:
    old = on("580.159.04", (13, 0), (9, 0), capability)
    result = asked(PROBES, site(old, versions=built_for("13.0")), pack)
    assert (codes(result), severity(result)) == (["DSH019"], Severity.FATAL)
    assert "GPU 1" in result.findings[0].message
    assert "GPU 0" not in result.findings[0].message


@pytest.mark.parametrize("capability", [(7, 5), (8, 6), (8, 9), (9, 0), (10, 3), (12, 1), (99, 0)])
def test_later_gpus_of_a_generation_run_its_code(pack: Pack, capability: tuple[int, int]) -> None:
    here = on("580.159.04", (13, 0), capability)
    assert quiet(asked(PROBES, site(here, versions=built_for("13.0")), pack))
    assert quiet(asked(PROBES, site(here, versions=built_for("12.8")), pack))


def test_an_old_card_that_the_job_does_not_take(pack: Pack) -> None:
    old = on("580.159.04", (13, 0), (9, 0), (6, 1))
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0"})
    assert not codes(asked(PROBES, site(old, host), pack))


@pytest.mark.parametrize(
    ("versions", "why"),
    [
        ({}, "torch is not installed"),
        ({"torch": "2.11.0+cpu"}, "this torch is built without CUDA (see versions)"),
        ({"torch": "2.11.0", "torch.hip": "6.4"}, "this torch is built for AMD's GPUs"),
    ],
)
def test_skipped(pack: Pack, versions: dict[str, str], why: str) -> None:
    result = asked(PROBES, site(machine(), versions=versions), pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, why)


def test_skipped_without_gpus(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)


def test_packages_that_cannot_be_asked(pack: Pack) -> None:
    def broken() -> dict[str, str]:
        raise Unavailable("no such python")

    parts: Any = (GpuHost(), FakeGpus(machine()), SimpleNamespace(versions=broken), None)
    (result,) = run_probes(PROBES, Site(*parts), pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "could not look: no such python")
