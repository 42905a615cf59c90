"""What the probes of the host have in common: how they take a host that does not answer."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome
from dsdoctor.probes import cpus, memory, memory_limits, numa, shm
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.probe import Probe
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.gpu_site import asked, site

READ_PROC = (cpus.PROBES, memory.PROBES, memory_limits.PROBES, shm.PROBES)


def name(probes: tuple[Probe, ...]) -> str:
    return probes[0].id


@pytest.mark.parametrize("probes", READ_PROC, ids=name)
def test_no_linux(pack: Pack, probes: tuple[Probe, ...]) -> None:
    assert asked(probes, site(machine(), FakeHost()), pack).outcome is Outcome.SKIPPED


@pytest.mark.parametrize("probes", [*READ_PROC, numa.PROBES], ids=name)
@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_host_that_fails(
    pack: Pack, probes: tuple[Probe, ...], error: Exception, outcome: Outcome
) -> None:
    assert asked(probes, site(machine(), FakeHost(broken=error)), pack).outcome is outcome
