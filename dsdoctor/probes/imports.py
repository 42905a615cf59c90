"""Whether torch and DeepSpeed can really be imported: slow, so only with --deep."""

from __future__ import annotations

from dsdoctor.model import Evidence
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

TIMEOUT = 90.0
MODULES = ("torch", "deepspeed")


def imports(site: Site) -> Reading:
    """Import them one after the other, each in a child of the job's Python."""
    found = site.packages.versions()
    wanted = [name for name in MODULES if name in found]
    if not wanted:
        raise Skip("neither torch nor deepspeed is installed")
    complaints = []
    for name in wanted:
        done = site.host.run([site.packages.python, "-c", f"import {name}"], TIMEOUT)
        if done.code:
            lines = done.err.strip().splitlines() or [f"exit code {done.code}"]
            values = {"package": name, "error": lines[-1][:300]}
            evidence = (Evidence(f"{site.packages.python} -c 'import {name}'", 0, lines[-1][:300]),)
            complaints.append(Complaint("DSB064", values, evidence))
            break
    return Reading(f"import {', '.join(wanted)}", tuple(complaints), {"tried": wanted})


PROBES: tuple[Probe, ...] = (
    Probe("imports", "torch and DeepSpeed really import", imports, budget=200.0, deep=True),
)
