"""Asks NVML everything once and prints it as one line of JSON: run in a child of dsdoctor."""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
from typing import Any

from dsdoctor.probes.clients.nvml import Nvml
from dsdoctor.probes.clients.nvml_gpu import read_gpu, read_pair

_LIBRARY = "libnvidia-ml.so.1"
TROUBLES = {4: "no permission", 9: "not loaded", 12: "no library", 18: "mismatch"}
"""NVML's errors at its start; all others are "failed"."""


def inventory() -> dict[str, Any]:
    """What the class ``Inventory`` holds, as JSON values."""
    try:
        library = importlib.import_module("pynvml")
    except ImportError:
        return {"trouble": "no binding" if _library_there() else "no library"}
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        return {"trouble": TROUBLES.get(error.value, "failed"), "detail": str(error)}
    return _told(Nvml(library))


def _library_there() -> bool:
    """Without the binding it can still be said that there is no driver."""
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return False
    return True


def _told(nvml: Nvml) -> dict[str, Any]:
    count = nvml.number("nvmlDeviceGetCount")
    handles = [
        nvml.ask("nvmlDeviceGetHandleByIndex", index)
        for index in range(count if isinstance(count, int) else 0)
    ]
    return {
        "driver": nvml.text("nvmlSystemGetDriverVersion"),
        "cuda": _cuda(nvml),
        "gpus": [read_gpu(nvml, index, handle) for index, handle in enumerate(handles)],
        "pairs": [
            read_pair(nvml, (first, handles[first]), (second, handles[second]))
            for first in range(len(handles))
            for second in range(first + 1, len(handles))
            if not isinstance(handles[first], str) and not isinstance(handles[second], str)
        ],
    }


def _cuda(nvml: Nvml) -> list[int] | str:
    """The CUDA version of libcuda, or where that is missing the one NVML itself knows."""
    version = nvml.number("nvmlSystemGetCudaDriverVersion_v2")
    if isinstance(version, str):
        version = nvml.number("nvmlSystemGetCudaDriverVersion")
    return version if isinstance(version, str) else [version // 1000, version % 1000 // 10]


if __name__ == "__main__":
    sys.stdin.read()
    sys.stdout.write(json.dumps(inventory()) + "\n")
