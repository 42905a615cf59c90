"""Clocks that are lowered for protection."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import Mark
from dsdoctor.probes.gpu_throttle import PROBES
from tests.unit.probes.fakes_gpus import gpu, machine
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)


def test_at_full_speed(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert (result.outcome, result.summary, result.facts) == (Outcome.OK, "none slowed down", {})


@pytest.mark.parametrize("bits", [0x1, 0x2, 0x4, 0x10, 0x100, 0x1 | 0x4, Mark.UNSUPPORTED])
def test_idle_capped_or_set_clocks_are_no_fault(pack: Pack, bits: int | Mark) -> None:
    assert not codes(asked(PROBES, site(machine(gpu(0), gpu(1, slow=bits))), pack))


@pytest.mark.parametrize(
    ("bits", "reason"),
    [
        (0x40 | 0x8, "hardware slowdown by heat, at 93 °C"),
        (0x80 | 0x8, "hardware slowdown by the power supply (power brake), at 93 °C"),
        (0x20, "software slowdown by heat, at 93 °C"),
        (0x8, "hardware slowdown, at 93 °C"),
        (0x60, "hardware slowdown by heat, software slowdown by heat, at 93 °C"),
    ],
)
def test_the_reason_is_told(pack: Pack, bits: int, reason: str) -> None:
    hot = gpu(1, slow=bits | 0x4, temperature=93)
    result = asked(PROBES, site(machine(gpu(0), hot)), pack)
    assert (codes(result), severity(result)) == (["DSH050"], Severity.WARNING)
    assert result.findings[0].message == f"A GPU lowers its clocks: GPU 1 (0000:07:00): {reason}"
    assert result.summary == "1 of 2 slowed down"


def test_without_a_temperature(pack: Pack) -> None:
    hot = gpu(0, slow=0x40, temperature=Mark.FAILED)
    result = asked(PROBES, site(machine(hot)), pack)
    assert result.findings[0].message.endswith("hardware slowdown by heat")


def test_only_the_gpus_of_the_job(pack: Pack) -> None:
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0"})
    assert not codes(asked(PROBES, site(machine(gpu(0), gpu(1, slow=0x40)), host), pack))


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)
    mute = asked(PROBES, site(machine(gpu(0, slow=Mark.UNSUPPORTED))), pack)
    assert mute.note == "the driver does not tell the reasons for lower clocks"


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
