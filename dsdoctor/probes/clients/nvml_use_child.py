"""Asks NVML for about a second how busy each GPU is: run in a child of dsdoctor."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from dsdoctor.probes.clients.nvml import Nvml
from dsdoctor.probes.clients.nvml_process import KINDS

LOOKS = 6
PAUSE = 0.2


def use() -> list[dict[str, Any]]:
    """For each GPU the highest use seen of its cores and of its memory, in per cent, and who
    has it open. What the driver does not tell is left out.
    """
    try:
        library = importlib.import_module("pynvml")
        library.nvmlInit()
    except ImportError:
        return []
    except library.NVMLError:
        return []
    nvml = Nvml(library)
    count = nvml.number("nvmlDeviceGetCount")
    handles = [
        nvml.ask("nvmlDeviceGetHandleByIndex", index)
        for index in range(count if isinstance(count, int) else 0)
    ]
    looks = []
    for number in range(LOOKS):
        time.sleep(PAUSE if number else 0)
        looks.append([nvml.ask("nvmlDeviceGetUtilizationRates", handle) for handle in handles])
    return [
        _told(nvml, handles[index], seen) for index, seen in enumerate(zip(*looks, strict=True))
    ]


def _told(nvml: Nvml, handle: Any, seen: tuple[Any, ...]) -> dict[str, Any]:
    known = [rates for rates in seen if not isinstance(rates, str)]
    lists = [nvml.ask(kind, handle) for kind in KINDS]
    pids = {one.pid for found in lists if not isinstance(found, str) for one in found}
    if not known:
        return {"pids": sorted(pids)}
    return {
        "cores": max(int(rates.gpu) for rates in known),
        "memory": max(int(rates.memory) for rates in known),
        "pids": sorted(pids),
    }


if __name__ == "__main__":
    sys.stdin.read()
    sys.stdout.write(json.dumps(use()) + "\n")
