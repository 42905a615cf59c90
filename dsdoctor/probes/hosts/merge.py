"""One report of what all hosts said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, ProbeResult, Report
from dsdoctor.probes.findings import finding_of
from dsdoctor.probes.hosts.clocks import skewed
from dsdoctor.probes.hosts.differences import differences
from dsdoctor.probes.hosts.fold import folded
from dsdoctor.probes.hosts.parcel import Parcel
from dsdoctor.probes.hosts.silent import silent_hosts
from dsdoctor.probes.hosts.slots import too_many_slots
from dsdoctor.probes.probe import Complaint
from dsdoctor.probes.report import report_of

About = tuple[Complaint, tuple[str, ...]]
"""A complaint and the hosts that it is about."""


@dataclass(frozen=True, slots=True)
class HostAnswers:
    """What came back.

    Args:
        parcels: by host, as it was asked.
        silent: why a host gave none.
        arrived: our time when each answer was here, in seconds since the epoch.
        slots: of each host by the host file, which is called ``hostfile``.
    """

    parcels: Mapping[str, Parcel]
    silent: Mapping[str, str] = field(default_factory=dict)
    arrived: Mapping[str, float] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)
    hostfile: str = ""


def merged(answers: HostAnswers, hosts: Sequence[str], pack: Pack, seconds: float) -> Report:
    """The findings folded over the hosts, and those that only a comparison shows.

    Args:
        answers: of the hosts.
        hosts: who was asked, in order.
        pack: the rules whose words are used.
        seconds: that it took.
    """
    results = list(_results(answers, hosts))
    about = [*silent_hosts(answers.silent), *_compared(answers)]
    extra = [_finding(complaint, names, pack) for complaint, names in about]
    return report_of(
        results, extra=extra, folded=folded(results), notes=_notes(answers, hosts), seconds=seconds
    )


def _results(answers: HostAnswers, hosts: Sequence[str]) -> Iterator[ProbeResult]:
    for host in dict.fromkeys((*hosts, *answers.parcels)):
        if host in answers.parcels:
            yield from (replace(item, host=host) for item in answers.parcels[host].results)


def _compared(answers: HostAnswers) -> Iterator[About]:
    tables = {
        host: {item.probe: item for item in parcel.results}
        for host, parcel in answers.parcels.items()
    }
    yield from too_many_slots(tables, answers.slots, answers.hostfile)
    yield from differences(tables)
    clocks = {host: parcel.clock for host, parcel in answers.parcels.items()}
    yield from skewed(clocks, answers.arrived)


def _finding(complaint: Complaint, hosts: tuple[str, ...], pack: Pack) -> Finding:
    return replace(finding_of(complaint, pack), hosts=hosts, count=len(hosts))


def _notes(answers: HostAnswers, hosts: Sequence[str]) -> list[str]:
    """How many answered, and strangers among them."""
    strangers = [host for host in answers.parcels if host not in hosts]
    notes = [f"{len(answers.parcels) - len(strangers)} of {len(hosts)} hosts answered"]
    return [*notes, *(f"{host} answered, and was not asked by this name" for host in strangers)]
