"""A site with made-up GPUs for the probes of GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import ProbeResult, Severity
from dsdoctor.probes.clients.gpus import Inventory
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.probe import Probe
from dsdoctor.probes.runner import run_probes
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import FakeGpus

DEVICES = "/sys/bus/pci/devices"


class GpuHost(FakeHost):
    """A machine with PCI devices."""

    def with_device(self, name: str, vendor: str, kind: str, driver: str = "") -> GpuHost:
        """The host with one more PCI device."""
        self.files[f"{DEVICES}/{name}/vendor"] = f"{vendor}\n"
        self.files[f"{DEVICES}/{name}/class"] = f"{kind}\n"
        if driver:
            self.links[f"{DEVICES}/{name}/driver"] = f"/sys/bus/pci/drivers/{driver}"
        return self


def site(gpus: Inventory | Exception | FakeGpus, host: Host | None = None, **more: Any) -> Site:
    """A site with these GPUs; ``versions`` are those of the job's packages."""
    versions = more.pop("versions", {"torch": "2.11.0", "torch.cuda": "13.0"})
    packages = SimpleNamespace(versions=lambda: versions)
    client = gpus if isinstance(gpus, FakeGpus) else FakeGpus(gpus)
    fakes: Any = (host or GpuHost(), client, packages, SimpleNamespace())
    return Site(*fakes, **more)


def asked(probes: Sequence[Probe], where: Site, pack: Pack) -> ProbeResult:
    """What the runner makes of the one probe; the words of its findings have no holes."""
    (result,) = run_probes(probes, where, pack)
    for finding in result.findings:
        assert "?" not in finding.message, finding.message
        rule = pack[finding.code]
        assert rule.preflight is not None, f"{rule.code} does not say that a probe reports it"
        assert rule.preflight.probe == result.probe, f"{rule.code} names another probe"
    return result


def codes(result: ProbeResult) -> list[str]:
    """The codes of its findings."""
    return [finding.code for finding in result.findings]


def severity(result: ProbeResult) -> Severity:
    """That of its only finding."""
    (finding,) = result.findings
    return finding.severity
