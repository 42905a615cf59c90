"""Whether the port on which the ranks meet is free."""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.model import Severity
from dsdoctor.probes.clients.listeners import Holder
from dsdoctor.probes.clients.network import Bind
from dsdoctor.probes.hostname import BUDGET, master_of
from dsdoctor.probes.launch import (
    NAMED_PORTS,
    host_count,
    launcher_of,
    option,
    overrides_variables,
    proof,
    variable,
)
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

TAKEN, FORBIDDEN, NO_NUMBER = "DSL001", "DSL002", "DSL022"
DEFAULT = "29500"
_WORDS = 3
"""So many words of the holder's command line: later ones may be secret."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The port as it was written, and who wants it. ``sure``: somebody named it."""

    text: str
    source: str
    sure: bool


def look(site: Site) -> Reading:
    """Try to take it, as rank 0 will."""
    wanted = _wanted(site)
    _here(site)
    if not wanted.text.isdecimal() or not 0 < len(wanted.text) < 8 or int(wanted.text) > 65_535:
        values = {"source": wanted.source, "value": wanted.text[:40]}
        shown = proof(f"{wanted.source}={wanted.text}")
        return Reading("not a port", (Complaint(NO_NUMBER, values, (shown,)),))
    port = int(wanted.text)
    if port == 0:
        raise Skip("the system will choose a free port")
    answer = site.network.bindable(port)
    facts = {"port": port}
    if answer is Bind.FREE:
        return Reading(f"{port} is free ({wanted.source})", (), facts)
    return Reading(f"{port} is {answer.value}", (_complaint(site, wanted, port, answer),), facts)


def _complaint(site: Site, wanted: _Wanted, port: int, answer: Bind) -> Complaint:
    values = {"port": str(port), "source": wanted.source}
    if answer is Bind.FORBIDDEN:
        return Complaint(FORBIDDEN, values, (proof(f"bind {port}: EACCES", "kernel"),))
    holder = site.network.holder(port)
    if shown := _shown(holder):
        values["holder"] = shown
    # a job that was not shown to us may be started with another port
    severity = None if wanted.sure else Severity.WARNING
    evidence = proof(f"bind {port}: EADDRINUSE; {shown or 'holder unknown'}", "kernel")
    return Complaint(TAKEN, values, (evidence,), severity)


def _wanted(site: Site) -> _Wanted:
    """As the launcher reads it: an option, a variable, the default of all of them."""
    if option(site, "standalone"):
        raise Skip("torchrun --standalone takes a free port")
    for name in NAMED_PORTS:
        if given := option(site, name):
            return _Wanted(given, f"--{name}", sure=True)
    endpoint = option(site, "rdzv_endpoint").rpartition("]")[2]
    if ":" in endpoint:
        return _Wanted(endpoint.rpartition(":")[2], "--rdzv_endpoint", sure=True)
    given = variable(site, "MASTER_PORT")
    if given and not overrides_variables(site):
        return _Wanted(given.strip(), "MASTER_PORT", sure=True)
    if launcher := launcher_of(site):
        sure = overrides_variables(site)
        return _Wanted(DEFAULT, f"default of {launcher}" if sure else "the usual default", sure)
    return _Wanted(DEFAULT, "DeepSpeed's default", sure=False)


def _here(site: Site) -> None:
    """Only the master opens the port.

    Raises:
        Skip: it is another host.
    """
    if host_count(site) < 2:
        return
    master = master_of(site)[0] or _first_host(site)
    if not master or master == site.network.name():
        return
    found = set(site.network.resolve(master))
    own = {text for item in site.network.interfaces() for text in item.addresses}
    if found and not found & own and not any(text.startswith("127.") for text in found):
        raise Skip(f"the master is {master}")


def _first_host(site: Site) -> str:
    """The deepspeed launcher makes the hostfile's first host the master."""
    hosts = site.job.hosts.hosts if site.job and site.job.hosts else ()
    return hosts[0].name if hosts else ""


def _shown(holder: Holder | None) -> str:
    """``process 4711 (python train.py) of ann``."""
    if holder is None:
        return ""
    words = " ".join(holder.command.split()[:_WORDS])[:80]
    of = f" of {holder.user}" if holder.user else ""
    if not holder.pid:
        return f"a process{of}" if of else ""
    return f"process {holder.pid}" + (f" ({words})" if words else "") + of


PROBES: tuple[Probe, ...] = (Probe("master-port", "master port", look, budget=BUDGET),)
