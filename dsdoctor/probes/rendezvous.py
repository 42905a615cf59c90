"""Whether the hosts reach each other on the port on which the ranks will meet.

Only when many hosts look at the same time: the master listens, the others connect.
"""

from __future__ import annotations

import time

from dsdoctor.model import Evidence
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Meeting, Site

BLOCKED = "DSL004"
PATIENCE = 8.0
"""Seconds that others may take until their probe runs, too."""
ATTEMPT = 2.0
PAUSE = 0.2


def look(site: Site) -> Reading:
    """Wait for the others, or go to the master."""
    meeting = site.meeting
    if meeting is None:
        raise Skip("only with --hostfile, for up to as many hosts as are asked at a time")
    if is_here(site, meeting.host):
        came = site.network.await_peers(meeting.port, meeting.peers, PATIENCE)
        return Reading(f"{came} of {meeting.peers} hosts reached port {meeting.port} here")
    return _connect(site, meeting)


def is_here(site: Site, name: str) -> bool:
    """Is ``name`` this host?"""
    own = site.network.name()
    if name == own or name in (own.split(".")[0], site.host.environment.get("SLURMD_NODENAME")):
        return True
    mine = {text for item in site.network.interfaces() for text in item.addresses}
    return any(text in mine or text.startswith("127.") for text in site.network.resolve(name))


def _connect(site: Site, meeting: Meeting) -> Reading:
    """Try until the master listens."""
    deadline = time.monotonic() + PATIENCE
    place = f"{meeting.host}:{meeting.port}"
    while why := site.network.connects(meeting.host, meeting.port, ATTEMPT):
        if time.monotonic() >= deadline:
            values = {"master": meeting.host, "port": str(meeting.port), "reason": why}
            complaint = Complaint(BLOCKED, values, (Evidence("kernel", 0, f"{place}: {why}"),))
            return Reading(f"{place} cannot be reached: {why}", (complaint,))
        time.sleep(PAUSE)
    return Reading(f"{place} can be reached")


PROBES: tuple[Probe, ...] = (
    Probe("rendezvous", "hosts reach the master's port", look, budget=PATIENCE + ATTEMPT + 3),
)
