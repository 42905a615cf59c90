"""The programs with which DeepSpeed's launcher starts the other hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dsdoctor.model import Severity
from dsdoctor.probes.launch import host_count, launcher_of, option, proof
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

MISSING, NO_SSH_MODULE = "DSL041", "DSL054"
_PROGRAMS = {
    "pdsh": "pdsh",
    "openmpi": "ompi_info",
    "mpich": "mpirun",
    "impi": "mpirun",
    "slurm": "sinfo",
    "mvapich": "mpiname",
}
"""What the launcher looks for on the path, by its option --launcher."""
_MODULES = re.compile(r"rcmd modules: ([\w,]+)")
TIMEOUT = 3.0


def look(site: Site) -> Reading:
    """Only the host from which the job is launched needs them."""
    backend = backend_of(site)
    program = _PROGRAMS.get(backend)
    if program is None:
        raise Skip(f"DeepSpeed has no launcher {backend[:40]!r}")
    wanted = (program, "ssh") if backend == "pdsh" else (program,)
    missing = [name for name in wanted if site.host.which(name) is None]
    severity = None if launcher_of(site) else Severity.ERROR
    complaints = [
        Complaint(MISSING, {"launcher": name}, (proof(f"which {name}: nothing", "PATH"),), severity)
        for name in missing
    ]
    if "pdsh" in wanted and not missing:
        complaints += _pdsh(site, severity)
    facts = {"launcher": backend, "missing": missing}
    there = [name for name in wanted if name not in missing]
    summary = f"{', '.join(there) or 'nothing'} found for --launcher {backend}"
    return Reading(summary, tuple(complaints), facts)


def backend_of(site: Site) -> str:
    """The value of ``--launcher``.

    Raises:
        Skip: the job needs none.
    """
    if host_count(site) < 2:
        raise Skip("the job runs on one host")
    launcher = launcher_of(site)
    if launcher not in ("", "deepspeed"):
        raise Skip(f"{launcher} does not start other hosts by ssh")
    if option(site, "no_ssh"):
        raise Skip("--no_ssh: every host is started by hand")
    return option(site, "launcher").lower() or "pdsh"


def _pdsh(site: Site, severity: Severity | None) -> Iterable[Complaint]:
    """The launcher sets PDSH_RCMD_TYPE to ssh itself; the module must be there."""
    done = site.host.run(["pdsh", "-V"], TIMEOUT)
    found = _MODULES.search(done.out + done.err)
    if found and "ssh" not in found[1].split(","):
        shown = (proof(found[0], "pdsh -V"),)
        yield Complaint(NO_SSH_MODULE, {"detail": f"it has {found[1]}"}, shown, severity)


PROBES: tuple[Probe, ...] = (Probe("launch-tools", "launch programs", look),)
