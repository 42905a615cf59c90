"""InfiniBand and RoCE cards: which ports are active, and what keeps NCCL from using them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dsdoctor.model import Severity
from dsdoctor.probes.clients.network import HcaPort
from dsdoctor.probes.launch import host_count, proof, variable
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

NOT_ACTIVE, DISABLED, UNKNOWN, NO_DEVICE = "DSN083", "DSN084", "DSN087", "DSN031"
_HCA, _OFF = "NCCL_IB_HCA", "NCCL_IB_DISABLE"
_DEVICES = "/dev/infiniband"
MAX_NAMED = 8


def look(site: Site) -> Reading:
    """One host alone does not need them: then everything is at most a note."""
    ports = site.network.hca_ports()
    wanted = variable(site, _HCA)
    if not ports and not wanted:
        raise Skip("no InfiniBand or RoCE card here")
    active = [port for port in ports if port.state == "ACTIVE"]
    level = None if host_count(site) > 1 else Severity.INFO
    complaints = (
        *_not_active(ports, wanted, level),
        *_disabled(site, active),
        *_unknown(wanted, ports, level),
        *_no_device(site, active, level),
    )
    facts = {"ports": dict(sorted(Counter(map(_kind, ports)).items())), "active": len(active)}
    return Reading(f"{len(active)} of {len(ports)} ports active", complaints, facts)


def _not_active(
    ports: Sequence[HcaPort], wanted: str, level: Severity | None
) -> Iterable[Complaint]:
    """Ethernet ports without a cable are usual, and no trouble unless NCCL_IB_HCA names them."""
    counted = [port for port in ports if port.layer == "InfiniBand" or _asked_for(wanted, port)]
    idle = [port for port in counted if port.state != "ACTIVE"]
    if not idle:
        return
    shown = (proof("; ".join(map(_told, idle[:MAX_NAMED])), "/sys/class/infiniband"),)
    # a card without a cable may be meant to have none; one that waits for its manager is not
    spare = all(port.state == "DOWN" and not _asked_for(wanted, port) for port in idle)
    some = len(idle) < len(counted)
    severity = Severity.INFO if spare and some else level
    states = Counter(port.state or "unknown" for port in idle)
    detail = ", ".join(f"{n} {'is' if n == 1 else 'are'} {name}" for name, n in states.items())
    names = ", ".join(port.device for port in idle[:MAX_NAMED])
    values = {"count": str(len(counted)), "detail": f"{detail} ({names})"}
    yield Complaint(NOT_ACTIVE, values, shown, severity)


def _disabled(site: Site, active: Sequence[HcaPort]) -> Iterable[Complaint]:
    value = variable(site, _OFF)
    if value != "1" or not active or host_count(site) < 2:
        return
    rates = ", ".join(f"{n} x {rate}" for rate, n in Counter(p.rate for p in active).items())
    values = {"value": value, "count": str(len(active)), "detail": rates or "rate unknown"}
    yield Complaint(DISABLED, values, (proof(f"{_OFF}={value}"),), _for(active))


def _unknown(wanted: str, ports: Sequence[HcaPort], level: Severity | None) -> Iterable[Complaint]:
    """Entries that exclude cards may well name absent ones."""
    if wanted.startswith("^"):
        return
    absent = [item for item in _entries(wanted) if not any(_fits(wanted, item, p) for p in ports)]
    if not absent:
        return
    values = {"value": wanted[:80], "missing": ", ".join(absent[:MAX_NAMED])[:80]}
    if names := sorted({port.device for port in ports}):
        values["present"] = ", ".join(names[:MAX_NAMED])
    yield Complaint(UNKNOWN, values, (proof(f"{_HCA}={wanted}"),), level)


def _no_device(
    site: Site, active: Sequence[HcaPort], level: Severity | None
) -> Iterable[Complaint]:
    """A container sees the host's /sys, but has only the device files that it was given."""
    files = site.host.list(_DEVICES)
    if not active or any(name.startswith("uverbs") for name in files):
        return
    values = {"count": str(len(active)), "detail": f"{_DEVICES} has no uverbs device"}
    shown = (proof(" ".join(files) or "not there", _DEVICES),)
    # NCCL goes on without these cards
    yield Complaint(NO_DEVICE, values, shown, level or _for(active) or Severity.WARNING)


def _for(active: Sequence[HcaPort]) -> Severity | None:
    """Ethernet ports of a virtual machine look like RoCE and need not be able to do it."""
    return None if any(port.layer == "InfiniBand" for port in active) else Severity.INFO


def _entries(value: str) -> list[str]:
    return [item for item in value.lstrip("^=").split(",") if item]


def _asked_for(value: str, port: HcaPort) -> bool:
    if not value or value.startswith("^"):
        return False
    return any(_fits(value, item, port) for item in _entries(value))


def _fits(value: str, entry: str, port: HcaPort) -> bool:
    """``mlx5`` and ``mlx5_1:1``; after ``=`` the whole name."""
    name, _, number = entry.partition(":")
    if number and number != str(port.port):
        return False
    return port.device == name if value.startswith("=") else port.device.startswith(name)


def _kind(port: HcaPort) -> str:
    """``InfiniBand 400 Gb/sec (4X NDR)``; without a link the rate means nothing."""
    return f"{port.layer} {port.rate}" if port.state == "ACTIVE" else f"{port.layer} {port.state}"


def _told(port: HcaPort) -> str:
    return f"{port.device} port {port.port}: {port.state}, {port.physical}"


PROBES: tuple[Probe, ...] = (Probe("infiniband", "InfiniBand and RoCE", look),)
