"""The hosts of a job, and why DeepSpeed would not start with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.job.place import Place


@dataclass(frozen=True, slots=True)
class HostProblem:
    """Why DeepSpeed does not start with these hosts.

    ``kind`` is bad-line, duplicate, empty, no-slots (DeepSpeed starts, with no rank on that host),
    too-many-slots, both-filters, bad-filter, unknown-host, unknown-slot, count-with-filter or
    nothing-left.
    """

    place: Place
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Host:
    """One host and the slots (GPU numbers) used on it."""

    name: str
    slots: Sequence[int]
    place: Place


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts of a job in DeepSpeed's order, and what is wrong with them."""

    name: str
    hosts: tuple[Host, ...]
    problems: tuple[HostProblem, ...] = ()

    @property
    def world_size(self) -> int:
        """One rank a slot."""
        return sum(len(host.slots) for host in self.hosts)
