"""A made-up Python with its packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dsdoctor.job.spec import JobSpec
from dsdoctor.probes.clients.gpus import Inventory, NoDriver
from dsdoctor.probes.clients.packages import Flaw
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import FakeGpus

PYTHON = "/env/bin/python"
ON_GPU = {
    "python": "3.11.9",
    "torch": "2.8.0",
    "torch.version": "2.8.0+cu128",
    "torch.cuda": "12.8",
    "deepspeed": "0.19.8",
    "transformers": "5.23.0",
    "accelerate": "1.15.0",
    "pydantic": "2.12.0",
    "numpy": "2.3.0",
    "setuptools": "80.9.0",
    "nccl": "2.27.3",
}
ON_CPU = {**ON_GPU, "torch.version": "2.8.0+cpu"}
del ON_CPU["torch.cuda"], ON_CPU["nccl"]


class FakePackages:
    """What a test says is installed; an exception in its place is raised by every question."""

    def __init__(
        self,
        versions: Mapping[str, str] | Exception = ON_GPU,
        locations: Mapping[str, str] | None = None,
        flaws: Sequence[Flaw] = (),
    ) -> None:
        self._versions = versions
        self._locations = locations
        self._flaws = flaws

    @property
    def python(self) -> str:
        """Always the same."""
        return PYTHON

    def versions(self) -> Mapping[str, str]:
        """Those it was given."""
        if isinstance(self._versions, Exception):
            raise self._versions
        return self._versions

    def location(self, name: str) -> str | None:
        """In site-packages, if it is installed and nothing else was said."""
        if self._locations is not None:
            return self._locations.get(name)
        return f"/env/site-packages/{name}" if name in self.versions() else None

    def flaws(self) -> Sequence[Flaw]:
        """Those it was given."""
        return self._flaws

    def include(self) -> str:
        """Always the same."""
        return "/usr/include/python3.11"

    def abi(self) -> str:
        """Always the same."""
        return "py311"


def software(
    host: FakeHost | None = None,
    packages: FakePackages | Mapping[str, str] | Exception = ON_GPU,
    gpus: Inventory | Exception | None = None,
    job: JobSpec | None = None,
    **more: Any,
) -> Site:
    """A site for the probes of software; without GPUs if none are given."""
    installed = packages if isinstance(packages, FakePackages) else FakePackages(packages)
    cards = FakeGpus(NoDriver("no NVIDIA driver here") if gpus is None else gpus)
    network: Any = None
    return Site(host or FakeHost(), cards, installed, network, job, **more)
