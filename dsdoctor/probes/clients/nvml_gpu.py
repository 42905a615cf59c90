"""What NVML says of one GPU and of two, as JSON values."""

from __future__ import annotations

import time
from ctypes import byref
from typing import Any

from dsdoctor.logs.pci import pci_address
from dsdoctor.probes.clients.nvml import Nvml
from dsdoctor.probes.clients.nvml_process import read_processes

MAX_LINKS, MAX_MIG = 36, 64
_UNCORRECTED, _VOLATILE, _AGGREGATE = 1, 0, 1
_CORE_TEMPERATURE = 0
_READ, _WRITE = 0, 1
_RECOVERY_ACTION = 230
_SLOW = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
_PROTECTING = 0x08 | 0x20 | 0x40 | 0x80
"""The bits of slowdowns by hardware, heat and power."""
MOMENT = 0.1
_FABRIC = (
    ("nvmlDeviceGetGpuFabricInfoV", "c_nvmlGpuFabricInfo_v3_t"),
    ("nvmlDeviceGetGpuFabricInfoV", "c_nvmlGpuFabricInfo_v2_t"),
    ("nvmlDeviceGetGpuFabricInfo", "c_nvmlGpuFabricInfo_t"),
)
"""Newest first: an older driver refuses what it does not know."""


def read_gpu(nvml: Nvml, index: int, handle: Any) -> dict[str, Any]:
    """What the class ``Gpu`` holds. ``handle`` may be a mark."""
    if isinstance(handle, str):
        return {"index": index, "mark": handle}
    capability = nvml.ask("nvmlDeviceGetCudaComputeCapability", handle)
    return {
        "index": index,
        "uuid": nvml.text("nvmlDeviceGetUUID", handle),
        "name": nvml.text("nvmlDeviceGetName", handle),
        "bus": _bus(nvml, handle),
        "mark": _lost(capability),
        "capability": None if isinstance(capability, str) else list(capability),
        "memory": _memory(nvml, handle),
        "processes": read_processes(nvml, handle),
        "link": _link(nvml, handle),
        "nvlinks": _nvlinks(nvml, handle),
        "fabric": _fabric(nvml, handle),
        **_health(nvml, handle),
        **_modes(nvml, handle),
    }


def read_pair(nvml: Nvml, first: tuple[int, Any], second: tuple[int, Any]) -> dict[str, Any]:
    """What the class ``Pair`` holds."""
    both = first[1], second[1]
    return {
        "first": first[0],
        "second": second[0],
        "read": nvml.number("nvmlDeviceGetP2PStatus", *both, _READ),
        "write": nvml.number("nvmlDeviceGetP2PStatus", *both, _WRITE),
        "level": nvml.number("nvmlDeviceGetTopologyCommonAncestor", *both),
    }


def _bus(nvml: Nvml, handle: Any) -> str:
    info = nvml.ask("nvmlDeviceGetPciInfo", handle)
    if isinstance(info, str):
        return ""
    text = info.busId
    return pci_address(text.decode("ascii", "replace") if isinstance(text, bytes) else text)


def _lost(value: Any) -> str | None:
    """A GPU that fell off the bus still has a handle; its first value tells."""
    return value if value in ("lost", "reset required") else None


def _memory(nvml: Nvml, handle: Any) -> dict[str, int] | str:
    """The newer form takes the driver's own part out of what is used."""
    version = getattr(nvml.library, "nvmlMemory_v2", None)
    info = nvml.ask("nvmlDeviceGetMemoryInfo", handle, version) if version else "unsupported"
    if not isinstance(info, str):
        return {"total": info.total, "used": info.used, "reserved": info.reserved}
    info = nvml.ask("nvmlDeviceGetMemoryInfo", handle)
    if isinstance(info, str):
        return info
    return {"total": info.total, "used": info.used, "reserved": 0}


def _link(nvml: Nvml, handle: Any) -> dict[str, int | str]:
    return {
        "generation": nvml.number("nvmlDeviceGetCurrPcieLinkGeneration", handle),
        "generation_max": nvml.number("nvmlDeviceGetMaxPcieLinkGeneration", handle),
        "card_generation_max": nvml.number("nvmlDeviceGetGpuMaxPcieLinkGeneration", handle),
        "width": nvml.number("nvmlDeviceGetCurrPcieLinkWidth", handle),
        "width_max": nvml.number("nvmlDeviceGetMaxPcieLinkWidth", handle),
    }


def _nvlinks(nvml: Nvml, handle: Any) -> list[bool] | str:
    """Up or not, for each link that the card has."""
    states: list[bool] = []
    for link in range(getattr(nvml.library, "NVML_NVLINK_MAX_LINKS", MAX_LINKS)):
        state = nvml.flag("nvmlDeviceGetNvLinkState", handle, link)
        if isinstance(state, bool):
            states.append(state)
        elif state != "unsupported":
            return state
    return states or "unsupported"


def _fabric(nvml: Nvml, handle: Any) -> dict[str, int] | str:
    answer: Any = "unsupported"
    for function, structure in _FABRIC:
        make = getattr(nvml.library, structure, None)
        if make is None:
            continue
        info = make()
        answer = nvml.ask(function, handle, byref(info))
        if not isinstance(answer, str):
            health = int(getattr(info, "healthSummary", 0))
            return {"state": int(info.state), "status": int(info.status), "health": health}
    return str(answer)


def _health(nvml: Nvml, handle: Any) -> dict[str, Any]:
    rows = nvml.ask("nvmlDeviceGetRemappedRows", handle)
    if not isinstance(rows, str):
        names = ("correctable", "uncorrectable", "pending", "failed")
        kinds = (int, int, bool, bool)
        rows = {name: kind(row) for name, kind, row in zip(names, kinds, rows, strict=True)}
    errors = "nvmlDeviceGetTotalEccErrors"
    return {
        "ecc_now": nvml.number(errors, handle, _UNCORRECTED, _VOLATILE),
        "ecc_ever": nvml.number(errors, handle, _UNCORRECTED, _AGGREGATE),
        "remapped": rows,
        "retired_pending": nvml.flag("nvmlDeviceGetRetiredPagesPendingStatus", handle),
        "recovery": _recovery(nvml, handle),
        "slow": _slow(nvml, handle),
        "temperature": nvml.number("nvmlDeviceGetTemperature", handle, _CORE_TEMPERATURE),
    }


def _recovery(nvml: Nvml, handle: Any) -> int | str:
    """What the driver asks for: nothing, a reset, a reboot."""
    values = nvml.ask("nvmlDeviceGetFieldValues", handle, [_RECOVERY_ACTION])
    if isinstance(values, str):
        return values
    return int(values[0].value.uiVal) if values[0].nvmlReturn == 0 else "unsupported"


def _slow(nvml: Nvml, handle: Any) -> int | str:
    """Reasons that last: a change of clocks shows up as a slowdown for a moment."""
    first = _slow_now(nvml, handle)
    if isinstance(first, str) or not first & _PROTECTING:
        return first
    time.sleep(MOMENT)
    again = _slow_now(nvml, handle)
    return again if isinstance(again, str) else first & again


def _slow_now(nvml: Nvml, handle: Any) -> int | str:
    found = nvml.number(_SLOW[0], handle)
    return nvml.number(_SLOW[1], handle) if found == "unsupported" else found


def _modes(nvml: Nvml, handle: Any) -> dict[str, Any]:
    mig = nvml.ask("nvmlDeviceGetMigMode", handle)
    on = mig if isinstance(mig, str) else bool(mig[0])
    return {
        "compute_mode": nvml.number("nvmlDeviceGetComputeMode", handle),
        "persistence": nvml.flag("nvmlDeviceGetPersistenceMode", handle),
        "mig": on,
        "mig_uuids": _mig_uuids(nvml, handle) if on is True else [],
    }


def _mig_uuids(nvml: Nvml, handle: Any) -> list[str]:
    count = nvml.number("nvmlDeviceGetMaxMigDeviceCount", handle)
    slots = range(min(count, MAX_MIG)) if isinstance(count, int) else ()
    parts = (nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, slot) for slot in slots)
    return [nvml.text("nvmlDeviceGetUUID", part) for part in parts if not isinstance(part, str)]
