"""The long text of ``nvidia-smi -q``: sections by indentation, ``name : value``.

Written after the output of drivers 418 to 580; names that changed are all known here.
"""

from __future__ import annotations

import re

from dsdoctor.logs.gpu_state import TROUBLE, FactKind, Gpu, GpuProcess
from dsdoctor.logs.pci import pci_address

_GPU = re.compile(r"GPU (?P<bus>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])$")
_ENTRY = re.compile(r"(?P<name>\S(?:.{0,79}?\S)?)\s*: (?P<value>.*)$")
_UNKNOWN = ("N/A", "None", "")
_YES: dict[tuple[str, str], str] = {
    ("ECC Errors", "SRAM Threshold Exceeded"): "too many errors of its on-chip memory",
    ("ECC Errors", "Channel Repair Pending"): "a memory channel waits for repair (reset)",
    ("ECC Errors", "TPC Repair Pending"): "a processor cluster waits for repair (reset)",
    ("ECC Errors", "Unrepairable Memory"): "memory that cannot be repaired",
    ("Retired Pages", "Pending Page Blacklist"): "bad memory pages wait to be retired (reset)",
    ("Retired Pages", "Pending"): "bad memory pages wait to be retired (reset)",
    ("Remapped Rows", "Pending"): "bad memory rows wait to be remapped (reset)",
    ("Remapped Rows", "Remapping Failure Occurred"): "bad memory rows could not be remapped",
    ("GPU Reset Status", "Reset Required"): "a reset is required",
}
_SLOW = ("HW Slowdown", "HW Thermal Slowdown", "HW Power Brake Slowdown", "SW Thermal Slowdown")
_FINE = {"State": ("Completed", "Not Supported"), "Status": ("Success",)}
_ILL = (("Summary", "Unhealthy"), ("Summary", "Limited Capacity"), ("Bandwidth", "Degraded"),
        ("Route Unhealthy", "True"))  # fmt: skip


class QueryParser:
    """Takes the lines one by one.

    Args:
        gpus: filled by their address on the bus.
    """

    def __init__(self, gpus: dict[str, Gpu]) -> None:
        self._gpus = gpus
        self._gpu: Gpu | None = None
        self._above: list[tuple[int, str]] = []
        self._pid = 0
        self._name = ""
        self._width = 0

    def feed(self, number: int, text: str) -> None:
        """Take a line."""
        if match := _GPU.match(text):
            bus = pci_address(match["bus"])
            self._gpu = self._gpus.setdefault(bus, Gpu(len(self._gpus), bus, number))
            self._above, self._pid, self._width = [], 0, 0
            return
        if self._gpu is None or not text.strip():
            return
        indent = len(text) - len(text.lstrip())
        while self._above and self._above[-1][0] >= indent:
            self._above.pop()
        entry = _ENTRY.match(text.strip())
        name = entry["name"] if entry else text.strip()
        if len(self._above) < 12:
            self._above.append((indent, name))
        if entry:
            path = tuple(item for _, item in self._above)
            self._value(self._gpu, path, entry["value"].strip(), number, text.strip())

    def _value(self, gpu: Gpu, path: tuple[str, ...], value: str, line: int, text: str) -> None:
        """Take a value: as part of a process, as memory, as trouble."""
        if path[0] == "Processes":
            self._process(gpu, path[-1], value, line, text)
        elif path == ("FB Memory Usage", "Used"):
            gpu.used_mib, gpu.used_line, gpu.used_text = _number(value), line, text
        elif path[-3:-1] == ("GPU Link Info", "Link Width"):
            self._link(gpu, path[-1], _number(value), line, text)
        elif fact := _fact(path, value):
            gpu.add(*fact, line, text)

    def _process(self, gpu: Gpu, name: str, value: str, line: int, text: str) -> None:
        if name == "Process ID":
            self._pid = _number(value)
        elif name == "Name":
            self._name = value
        elif name == "Used GPU Memory" and self._pid and len(gpu.processes) < 1_000:
            process = GpuProcess(self._pid, self._name, _number(value), line, text)
            gpu.processes[self._pid] = process

    def _link(self, gpu: Gpu, name: str, lanes: int, line: int, text: str) -> None:
        """Fewer lanes than the slot has: a loose card or a bad riser."""
        if name == "Max":
            self._width = lanes
        elif name == "Current" and 0 < lanes < self._width:
            gpu.add("link", f"{lanes} of {self._width} PCIe lanes", line, text)


def _fact(path: tuple[str, ...], value: str) -> tuple[FactKind, str] | None:
    """What is out of order about a value, if anything is."""
    if value.strip("[]") in TROUBLE:
        return "unreadable", f"says {value}"
    section, name = path[0], path[-1]
    if value == "Yes" and (words := _YES.get((section, name))):
        return "repair", words
    if section == "ECC Errors":
        return _ecc(path, value)
    if section in ("Clocks Event Reasons", "Clocks Throttle Reasons"):
        return ("slow", name) if name in _SLOW and value == "Active" else None
    if section == "Fabric":
        return _fabric(path, value)
    return _mode(path, value)


def _ecc(path: tuple[str, ...], value: str) -> tuple[FactKind, str] | None:
    """Errors beyond correction, since the driver was loaded or in the GPU's whole life.

    Drivers before 440 print a table of single and double bit errors.
    """
    counted = "Uncorrectable" in path[-1] or ("Double Bit" in path and path[-1] == "Total")
    when = path[1] if len(path) > 1 else ""
    span = {"Volatile": "since the driver started", "Aggregate": "in its life"}.get(when)
    if not counted or span is None or not _number(value):
        return None
    return "ecc", f"{_number(value)} {span}"


def _fabric(path: tuple[str, ...], value: str) -> tuple[FactKind, str] | None:
    """The state of the NVSwitch fabric, if the GPU is part of one."""
    name = path[-1]
    waits = len(path) == 2 and name in _FINE and value not in (*_UNKNOWN, *_FINE[name])
    return ("fabric", f"{name}: {value}") if waits or (name, value) in _ILL else None


def _mode(path: tuple[str, ...], value: str) -> tuple[FactKind, str] | None:
    """Modes that an administrator has set, and what the driver asks for."""
    if value in _UNKNOWN:
        return None
    if path == ("MIG Mode", "Current") and value == "Enabled":
        return "mig", value
    if path == ("Compute Mode",) and value != "Default":
        return "mode", value
    if path == ("GPU Recovery Action",):
        return "repair", f"the driver asks for: {value}"
    return None


def _number(value: str) -> int:
    """The number at the start of a value such as ``4614 MiB`` or ``16x``; 0 if there is none."""
    match = re.match(r"\d{1,12}", value)
    return int(match[0]) if match else 0
