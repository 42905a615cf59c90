"""Slots of the host file against the GPUs of the host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.model import Evidence
from dsdoctor.probes.hosts.differences import Result
from dsdoctor.probes.probe import Complaint

CODE = "DSH181"


def too_many_slots(
    hosts: Mapping[str, Result], slots: Mapping[str, int], hostfile: str
) -> Iterator[tuple[Complaint, tuple[str, ...]]]:
    """A complaint for each host with fewer GPUs than the host file gives ranks to."""
    for host, results in hosts.items():
        gpus = results["gpus"].facts.get("count") if "gpus" in results else None
        wanted = slots.get(host)
        if isinstance(gpus, int) and wanted and 0 < gpus < wanted:
            values = {"host": host, "slots": str(wanted), "gpus": str(gpus)}
            evidence = (Evidence(hostfile, 0, f"{host} slots={wanted}"),)
            yield Complaint(CODE, values, evidence), (host,)
