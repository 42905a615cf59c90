"""torch, DeepSpeed and the packages around them: there, whole, and known to work together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.clients.packages import Flaw
from dsdoctor.probes.gpu_use import gpus_here
from dsdoctor.probes.known_bad import known_bad
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site

SUMMARY = ("torch", "deepspeed", "transformers", "accelerate", "nccl")
FLAWS = {
    "files": "is listed as installed, but {detail} is missing",
    "metadata": "has no readable metadata in {detail}",
    "leftover": "is not installed, but a remainder of it lies in {detail}",
    "interrupted": "was being replaced when pip was stopped; {detail} is left of it",
}
SERIOUS = frozenset({"files", "leftover"})


def versions(site: Site) -> Reading:
    """What is installed for the job's Python."""
    found = site.packages.versions()
    flawed = {flaw.package for flaw in site.packages.flaws() if flaw.kind in SERIOUS}
    complaints = (
        *_missing(site, found, flawed),
        *(_flawed(site, flaw) for flaw in site.packages.flaws()),
        *known_bad(found, site.job),
    )
    shown = [f"{name} {found[name]}" for name in SUMMARY if name in found]
    return Reading(
        ", ".join([f"Python {found.get('python', 'unknown')}", *shown]),
        complaints,
        {"python_path": site.packages.python, **found},
    )


def _missing(site: Site, found: Mapping[str, str], flawed: set[str]) -> Iterator[Complaint]:
    """torch or DeepSpeed not there, or a torch that cannot use the GPUs that are."""
    place = (Evidence(site.packages.python, 0, ""),)
    if "torch" not in found and site.packages.location("torch") is None:
        yield Complaint("DSB061", {"python": site.packages.python}, place)
    if "deepspeed" not in found and site.packages.location("deepspeed") is None:
        yield Complaint("DSB025", {"python": site.packages.python}, place)
    whole = "torch" in found and "torch" not in flawed
    if whole and _cpu_only(found) and not _on_cpu(site) and gpus_here(site):
        values = {"version": found["torch"], "gpus": str(gpus_here(site))}
        yield Complaint("DSH022", values, place)


def _cpu_only(found: Mapping[str, str]) -> bool:
    return "torch.version" in found and not ({"torch.cuda", "torch.hip"} & set(found))


def _on_cpu(site: Site) -> bool:
    """Does the job leave the GPUs alone on purpose?"""
    return site.host.environment.get("DS_ACCELERATOR") == "cpu"


def _flawed(site: Site, flaw: Flaw) -> Complaint:
    evidence = (Evidence(flaw.detail, 0, ""),)
    if flaw.kind == "twice":
        # a distribution's own setuptools below a newer one is the rule, not a fault
        severity = None if flaw.package in SUMMARY else Severity.INFO
        values = {"package": flaw.package, "copies": flaw.detail}
        return Complaint("DSB063", values, severity=severity)
    values = {
        "package": flaw.package,
        "problem": FLAWS[flaw.kind].format(detail=flaw.detail),
        "python": site.packages.python,
    }
    minor = flaw.kind not in SERIOUS
    return Complaint("DSB062", values, evidence, Severity.WARNING if minor else None)


PROBES: tuple[Probe, ...] = (
    Probe("versions", "torch, DeepSpeed and their partners", versions, budget=12.0),
)
