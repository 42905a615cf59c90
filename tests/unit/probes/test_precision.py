"""Number formats on this machine's hardware."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.precision import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import gpu, machine, silent
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import asked, codes, severity, site

FP16 = {"fp16": {"enabled": True}}
BF16 = {"bf16": {"enabled": True}}
NO_DRIVER = NoDriver("no NVIDIA driver here")


def gpus(major: int, minor: int = 0) -> Any:
    return machine(gpu(0), gpu(1, capability=(major, minor)))


def test_a_new_gpu(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), FakeHost(), job=job(BF16)), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "fp16, bf16, fp8 by hardware; the job trains in bf16"
    assert result.facts == {"fp16": True, "bf16": True, "fp8": True}


def test_the_oldest_gpu_counts(pack: Pack) -> None:
    result = asked(PROBES, site(gpus(7, 5), FakeHost()), pack)
    assert result.facts == {"fp16": True, "bf16": False, "fp8": False}


@pytest.mark.parametrize("capability", [(6, 1), (5, 2)])
def test_fp16_on_a_gpu_that_deepspeed_refuses(pack: Pack, capability: tuple[int, int]) -> None:
    result = asked(PROBES, site(gpus(*capability), FakeHost(), job=job(FP16)), pack)
    assert codes(result) == ["DSP009"]
    assert severity(result) is Severity.FATAL
    assert f"compute capability is {capability[0]}.{capability[1]}" in result.findings[0].message
    assert result.findings[0].evidence[0].key == "fp16.enabled"


def test_pascal_may_be_allowed(pack: Pack) -> None:
    host = FakeHost(environment={"DS_ALLOW_DEPRECATED_FP16": "1"})
    assert not codes(asked(PROBES, site(gpus(6), host, job=job(FP16)), pack))
    assert codes(asked(PROBES, site(gpus(5), host, job=job(FP16)), pack)) == ["DSP009"]


def test_other_formats_on_an_old_gpu_are_the_configs_matter(pack: Pack) -> None:
    assert not codes(asked(PROBES, site(gpus(6), FakeHost(), job=job(BF16)), pack))


def test_fp16_without_a_gpu(pack: Pack) -> None:
    result = asked(PROBES, site(NO_DRIVER, FakeHost(), job=job(FP16)), pack)
    assert codes(result) == ["DSP009"]
    assert severity(result) is Severity.ERROR
    assert "there is no GPU" in result.findings[0].message


def test_bf16_without_a_gpu(pack: Pack) -> None:
    result = asked(PROBES, site(NO_DRIVER, FakeHost(), job=job(BF16)), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "no GPU; the job trains in bf16")


def test_a_cpu_that_computes_in_fp16(pack: Pack) -> None:
    host = FakeHost({"/proc/cpuinfo": "processor : 0\nflags\t\t: fpu avx512_fp16 amx_tile\n"})
    assert not codes(asked(PROBES, site(NO_DRIVER, host, job=job(FP16)), pack))


@pytest.mark.parametrize(
    "host",
    [
        FakeHost({"/dev/kfd": ""}),
        FakeHost({"/dev/davinci0": ""}),
        FakeHost(environment={"DS_ACCELERATOR": "xpu"}),
    ],
)
def test_other_accelerators_are_not_judged(pack: Pack, host: FakeHost) -> None:
    result = asked(PROBES, site(NO_DRIVER, host, job=job(FP16)), pack)
    assert result.outcome is Outcome.SKIPPED


def test_nothing_to_judge(pack: Pack) -> None:
    assert asked(PROBES, site(NO_DRIVER, FakeHost()), pack).outcome is Outcome.SKIPPED
    untold = machine(gpu(0, capability=None))
    assert asked(PROBES, site(untold, FakeHost()), pack).outcome is Outcome.SKIPPED


def test_clients_that_fail(pack: Pack) -> None:
    where = site(silent(), FakeHost(), job=job(FP16))
    assert asked(PROBES, where, pack).outcome is Outcome.SKIPPED
    where = site(ValueError("odd"), FakeHost(), job=job(FP16))
    assert asked(PROBES, where, pack).outcome is Outcome.CRASHED
    where = site(NO_DRIVER, FakeHost(broken=Unavailable("gone")), job=job(FP16))
    assert asked(PROBES, where, pack).outcome is Outcome.SKIPPED


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    result = asked(PROBES, site(NO_DRIVER, host, job=job(BF16)), pack)
    assert result.outcome in (Outcome.OK, Outcome.SKIPPED)
