"""Whether the launcher can log in to every host of the hostfile without a password."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from dsdoctor.model import Severity
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.launch import launcher_of, option, proof
from dsdoctor.probes.launch_tools import backend_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

DENIED, HOST_KEY, NO_CONNECTION = "DSL052", "DSL051", "DSL053"
MAX_HOSTS = 16
CONNECT = 4
TIMEOUT = 8.0
_SSHS_OWN = 255
_NAME = re.compile(r"[A-Za-z0-9_][\w.@:%-]{0,252}")
_WORDS = {
    "Permission denied": DENIED,
    "Host key verification failed": HOST_KEY,
    "REMOTE HOST IDENTIFICATION HAS CHANGED": HOST_KEY,
}
_REASON = re.compile(r"(?:port \d+|resolve hostname [^:]+): ([^\r\n]{3,80})")


def look(site: Site) -> Reading:
    """Log in to each, side by side, and leave at once."""
    backend_of(site)
    if site.host.which("ssh") is None:
        raise Skip("ssh is not installed (see launch-tools)")
    names = _names(site)
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(
            pool.map(lambda name: _try(site.host, name, option(site, "ssh_port")), names)
        )
    failed = [(name, *answer) for name, answer in zip(names, answers, strict=True) if answer]
    severity = None if launcher_of(site) else Severity.ERROR
    facts = {"hosts": len(names), "failed": sorted(name for name, _, _ in failed)}
    summary = f"{len(names) - len(failed)} of {len(names)} hosts let ssh in"
    return Reading(summary, tuple(_folded(failed, severity)), facts)


def _names(site: Site) -> list[str]:
    """The first hosts of the hostfile.

    Raises:
        Skip: there is none.
    """
    hosts = site.job.hosts.hosts if site.job and site.job.hosts else ()
    # a name that begins with a dash would be an option of ssh
    names = [host.name for host in hosts[:MAX_HOSTS] if _NAME.fullmatch(host.name)]
    if not names:
        raise Skip("no hostfile was given")
    return names


def _try(host: Host, name: str, port: str) -> tuple[str, str] | None:
    """None if it works, else a code and the reason."""
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT}"]
    where = ["-p", port] if port.isdecimal() else []
    try:
        done = host.run(["ssh", *options, *where, "--", name, "true"], TIMEOUT)
    except Unavailable as reason:
        return NO_CONNECTION, str(reason)
    if done.code != _SSHS_OWN:
        return None
    for words, code in _WORDS.items():
        if words in done.err:
            return code, words
    return NO_CONNECTION, _reason(done.err)


def _reason(text: str) -> str:
    if found := _REASON.search(text):
        return found[1].strip()
    lines = text.strip().splitlines()
    return lines[-1][:80] if lines else "ssh ended with code 255"


def _folded(
    failed: Sequence[tuple[str, str, str]], severity: Severity | None
) -> Iterable[Complaint]:
    """One complaint for all hosts with the same trouble."""
    groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, code, reason in failed:
        groups[code].append((name, reason))
    for code, hosts in sorted(groups.items()):
        shown = tuple(proof(f"ssh {name}: {reason}", "ssh") for name, reason in hosts[:4])
        yield Complaint(code, _values(code, hosts), shown, severity)


def _values(code: str, hosts: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    more = f" and {len(hosts) - 4} more" if len(hosts) > 4 else ""
    if code == NO_CONNECTION:
        return {"detail": ", ".join(f"{name} ({why})" for name, why in hosts[:4]) + more}
    return {"detail": ", ".join(name for name, _ in hosts[:4]) + more}


PROBES: tuple[Probe, ...] = (Probe("ssh", "ssh to the hosts", look, budget=12.0),)
