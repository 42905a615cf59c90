"""The table of plain ``nvidia-smi``: three rows a GPU, then the processes."""

from __future__ import annotations

import re

from dsdoctor.logs.gpu_state import Gpu, GpuProcess
from dsdoctor.logs.pci import pci_address

_GPU = re.compile(
    r"\|\s{1,6}(?P<index>\d{1,4})\s.{0,80}\|\s+"
    r"(?P<bus>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])\s+\S{1,8}\s*\|"
    r"\s*(?P<ecc>\S{1,12})\s*\|"
)
_USED = re.compile(
    r"\s(?P<used>\d{1,9})MiB\s*/\s*\d{1,9}MiB\s*\|\s*\S{1,8}\s+(?P<mode>[A-Z][\w. ]{0,20}?)\s*\|$"
)
_PROCESS = re.compile(
    r"\|\s{1,6}(?P<index>\d{1,4})\s+(?:\S{1,8}\s+\S{1,8}\s+)?(?P<pid>\d{1,9})\s+[CGM+]{1,3}\s+"
    r"(?P<name>\S.{0,80}?)\s+(?P<mib>\d{1,9})MiB\s*\|$"
)
_MIG = re.compile(r"\|\s+Enabled\*?\s*\|$")
_MODES = {"E. Process": "Exclusive_Process", "Prohibited": "Prohibited"}


class TableParser:
    """Takes the rows one by one.

    Args:
        gpus: filled by their address on the bus.
    """

    def __init__(self, gpus: dict[str, Gpu]) -> None:
        self._gpus = gpus
        self._gpu: Gpu | None = None

    def feed(self, number: int, text: str) -> None:
        """Take a row."""
        if "Processes:" in text:
            self._gpu = None
        elif match := _GPU.match(text):
            bus = pci_address(match["bus"])
            new = Gpu(int(match["index"]), bus, number)
            self._gpu = self._gpus.setdefault(bus, new)
            if match["ecc"].isdecimal() and int(match["ecc"]):
                self._gpu.add("ecc", f"{int(match['ecc'])} since the driver started", number, text)
        elif match := _PROCESS.match(text):
            self._process(match, number, text)
        if self._gpu is not None:
            self._row(self._gpu, number, text)

    def _row(self, gpu: Gpu, number: int, text: str) -> None:
        """What the three rows of a GPU have in common."""
        if "ERR!" in text:
            gpu.add("unreadable", "says ERR!", number, text)
        if match := _USED.search(text):
            gpu.used_mib, gpu.used_line, gpu.used_text = int(match["used"]), number, text
            if mode := _MODES.get(match["mode"]):
                gpu.add("mode", mode, number, text)
        elif _MIG.search(text):
            gpu.add("mig", "Enabled", number, text)

    def _process(self, match: re.Match[str], number: int, text: str) -> None:
        index, pid = int(match["index"]), int(match["pid"])
        for gpu in self._gpus.values():
            if gpu.index == index and len(gpu.processes) < 1_000:
                gpu.processes[pid] = GpuProcess(pid, match["name"], int(match["mib"]), number, text)
