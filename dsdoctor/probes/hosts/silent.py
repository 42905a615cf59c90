"""Hosts that gave no answer: the job would not start there either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.model import Evidence
from dsdoctor.probes.hosts.differences import MAX_NAMED, named
from dsdoctor.probes.probe import Complaint

CODE = "DSH020"


def silent_hosts(reasons: Mapping[str, str]) -> Iterator[tuple[Complaint, tuple[str, ...]]]:
    """A complaint for each reason, with all hosts that have it.

    Args:
        reasons: why there is no answer, by host.
    """
    hosts: dict[str, list[str]] = {}
    for host, reason in reasons.items():
        hosts.setdefault(reason.replace(host, "…"), []).append(host)
    for reason, names in hosts.items():
        values = {"hosts": named(names), "reason": reason}
        evidence = tuple(Evidence(host, 0, reasons[host]) for host in names[:MAX_NAMED])
        yield Complaint(CODE, values, evidence), tuple(names)
