"""The operating system."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.system import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.gpu_site import asked
from tests.unit.probes.network_site import site

KERNEL = {"/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n"}
DEBIAN = {"/etc/os-release": 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (KERNEL | DEBIAN, "Debian GNU/Linux 12 (bookworm)"),
        (KERNEL, "an unnamed Linux"),
        (KERNEL | {"/etc/os-release": "PRETTY_NAME\n\x00="}, "an unnamed Linux"),
    ],
)
def test_healthy(pack: Pack, files: dict[str, str], name: str) -> None:
    result = asked(PROBES, site(host=FakeHost(files)), pack)
    assert result.outcome is Outcome.OK
    assert result.facts == {"os": name, "kernel": "6.1.0-18-amd64"}


def test_skipped(pack: Pack) -> None:
    assert asked(PROBES, site(host=FakeHost()), pack).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_raises(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert asked(PROBES, site(host=FakeHost(broken=error)), pack).outcome is outcome
