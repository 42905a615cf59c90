"""The GPUs that the kernel sees on the PCI bus, whether or not a driver serves them."""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.logs.pci import pci_address
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.mounts import mount_of

NVIDIA, AMD = "0x10de", "0x1002"
_DEVICES = "/sys/bus/pci/devices"
_CLASSES = ("0x0300", "0x0302", "0x0380", "0x1200")
"""Display controllers, with and without a screen, and processing accelerators."""
_GIVEN_AWAY = ("pci-stub", "pciback", "xen-pciback")
"""Drivers, besides vfio's, of a GPU that belongs to a virtual machine on this host."""
_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
_CONTAINER_VARIABLES = ("KUBERNETES_SERVICE_HOST", "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER")
_IMAGE_ROOTS = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs", "9p"})
"""File systems over an image: mostly of a container, where a login may know nothing else of it."""
_JOB_VARIABLES = {
    "SLURM_JOB_ID": "Slurm job",
    "PBS_JOBID": "PBS job",
    "LSB_JOBID": "LSF job",
    "FLUX_JOB_ID": "Flux job",
    "_CONDOR_SLOT": "HTCondor job",
}


@dataclass(frozen=True, slots=True)
class PciGpu:
    """One GPU: its address as ``logs.pci`` spells it, and its driver's name, empty if none."""

    bus: str
    driver: str


def pci_gpus(host: Host, vendor: str) -> tuple[PciGpu, ...]:
    """The GPUs of a vendor that are on the bus of this machine, or of the container's host.

    Those that were given to a virtual machine, whole or as virtual functions, do not count.
    """
    found = [
        PciGpu(pci_address(name), _driver(host, name))
        for name in host.list(_DEVICES)
        if _word(host, name, "vendor") == vendor
        and _word(host, name, "class")[:6] in _CLASSES
        and host.link(f"{_DEVICES}/{name}/physfn") is None
    ]
    return tuple(gpu for gpu in found if not _given_away(gpu.driver))


def limited_view(host: Host) -> str:
    """Why this process may see fewer GPUs than the kernel; empty where it should see all."""
    if any(host.link(path) for path in _CONTAINER_FILES):
        return "container"
    if any(name in host.environment for name in _CONTAINER_VARIABLES):
        return "container"
    if (root := mount_of(host, "/")) and root.kind in _IMAGE_ROOTS:
        return "container or disk image"
    return next((job for name, job in _JOB_VARIABLES.items() if name in host.environment), "")


def _given_away(driver: str) -> bool:
    return "vfio" in driver or driver in _GIVEN_AWAY


def _word(host: Host, name: str, entry: str) -> str:
    return (host.read(f"{_DEVICES}/{name}/{entry}") or "").strip()


def _driver(host: Host, name: str) -> str:
    return (host.link(f"{_DEVICES}/{name}/driver") or "").rpartition("/")[2]
