"""Whether a job here would run on GPUs, for the probes of other subjects."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from dsdoctor.probes.clients.gpus import Inventory, NoDriver, Trouble
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_use import capabilities, gpus_here, torch_uses_gpu
from tests.unit.probes.fakes_gpus import A100, LOST, gpu, machine
from tests.unit.probes.gpu_site import site


def test_a_machine_with_gpus() -> None:
    here = site(machine(gpu(0), gpu(1, A100), gpu(2), LOST))
    assert gpus_here(here) == 4
    assert capabilities(here) == ((8, 0), (9, 0))
    assert torch_uses_gpu(here)


@pytest.mark.parametrize(
    "answer",
    [
        NoDriver("no NVIDIA driver here"),
        Unavailable("died"),
        Inventory(trouble=Trouble.FAILED),
        machine(gpus=()),
    ],
)
def test_a_machine_without(answer: Inventory | Exception) -> None:
    here = site(answer)
    assert (gpus_here(here), capabilities(here), torch_uses_gpu(here)) == (0, (), False)


def test_a_torch_for_the_processor_uses_none() -> None:
    assert not torch_uses_gpu(site(machine(), versions={"torch": "2.11.0+cpu"}))


def test_packages_that_cannot_be_asked() -> None:
    def broken() -> dict[str, str]:
        raise Unavailable("no such python")

    packages: Any = SimpleNamespace(versions=broken)
    assert not torch_uses_gpu(replace(site(machine()), packages=packages))
