"""The operating system: nothing to judge on one host, but worth comparing with the others."""

from __future__ import annotations

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.probe import Probe, Reading, Skip
from dsdoctor.probes.site import Site

_RELEASE = "/proc/sys/kernel/osrelease"
_NAME = "/etc/os-release"


def look(site: Site) -> Reading:
    """Its name and the kernel's release."""
    kernel = (site.host.read(_RELEASE) or "").strip()
    if not kernel:
        raise Skip("not a Linux machine")
    name = _pretty_name(site.host)
    return Reading(f"{name}, kernel {kernel}", facts={"os": name, "kernel": kernel})


def _pretty_name(host: Host) -> str:
    """As /etc/os-release calls it."""
    for line in (host.read(_NAME) or "").splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip("\"'")[:80] or "an unnamed Linux"
    return "an unnamed Linux"


PROBES: tuple[Probe, ...] = (Probe("system", "operating system", look),)
