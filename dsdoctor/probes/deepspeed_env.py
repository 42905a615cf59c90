"""The files whose variables DeepSpeed's launcher gives to all hosts: ``.deepspeed_env``."""

from __future__ import annotations

from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.launch import host_count, launcher_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.variables import EnvironmentFile, environment_files

BAD_LINE = "DSL043"


def look(site: Site) -> Reading:
    """The launcher splits each line at ``=`` and stops at one without."""
    files = environment_files(site)
    if not files:
        raise Skip("there is no .deepspeed_env")
    launcher = launcher_of(site)
    if launcher not in ("", "deepspeed"):
        raise Skip(f"{launcher} does not read .deepspeed_env")
    # on one host the launcher does not open the file
    severity = None if host_count(site) > 1 and launcher else Severity.WARNING
    if host_count(site) < 2 and launcher:
        severity = Severity.INFO
    complaints = tuple(_complaint(file, severity) for file in files if file.bad)
    names = sorted({item.name for file in files for item in file.variables})
    where = ", ".join(file.path for file in files)
    return Reading(f"{len(names)} variables in {where}", complaints, {"names": names[:200]})


def _complaint(file: EnvironmentFile, severity: Severity | None) -> Complaint:
    number, text = file.bad[0]
    values = {"file": file.path, "number": str(number), "text": repr(text) if text else "(empty)"}
    return Complaint(BAD_LINE, values, (Evidence(file.path, number, text),), severity)


PROBES: tuple[Probe, ...] = (Probe("deepspeed-env", "variables for all hosts", look),)
