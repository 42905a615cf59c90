"""A driver that is there and says nothing: why."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dsdoctor.probes.clients.gpus import Inventory, Trouble
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.gpu_absent import without_driver
from dsdoctor.probes.gpu_common import evidence
from dsdoctor.probes.pci_devices import limited_view
from dsdoctor.probes.probe import Complaint, Reading
from dsdoctor.probes.site import Site

MISMATCH, BLOCKED, SILENT, FORBIDDEN = "DSH029", "DSH041", "DSH051", "DSH110"
_MODULE = "/proc/driver/nvidia/version"
_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1",
    "/usr/lib64/libnvidia-ml.so.1",
)
_VERSION = re.compile(r"\b\d{3}\.\d+(?:\.\d+)?\b")


def trouble_of(site: Site, found: Inventory) -> Reading:
    """What the reading is when NVML does not start."""
    if found.trouble is Trouble.NOT_LOADED:
        return without_driver(site, "its kernel module is not loaded")
    if found.trouble is Trouble.MISMATCH:
        return _reading("driver and library differ", MISMATCH, found, _versions(site.host))
    if found.trouble is Trouble.HUNG:
        values = {"detail": f"the driver as a whole, {found.detail}"}
        return _reading("the driver hangs", SILENT, found, values)
    if limited_view(site.host) == "container":
        return _reading("not permitted", BLOCKED, found, {"reason": found.detail})
    if found.trouble is Trouble.NO_PERMISSION:
        return _reading("not permitted", FORBIDDEN, found, {"detail": "the driver as a whole"})
    return _reading("the driver fails", SILENT, found, {"detail": found.detail})


def _reading(summary: str, code: str, found: Inventory, values: Mapping[str, str]) -> Reading:
    told = evidence(found.detail or summary)
    trouble = found.trouble.value if found.trouble else ""
    return Reading(summary, (Complaint(code, values, (told,)),), {"trouble": trouble})


def _versions(host: Host) -> dict[str, str]:
    """The version of the loaded module and of the library, as far as they can be seen."""
    library = next((path for name in _LIBRARIES if (path := host.link(name))), "")
    texts = {"module": host.read(_MODULE) or "", "client": library.rpartition(".so.")[2]}
    found = {name: _VERSION.search(text) for name, text in texts.items()}
    return {name: match[0] for name, match in found.items() if match}
