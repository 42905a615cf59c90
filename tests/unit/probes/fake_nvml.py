"""A stand-in for the module pynvml: a machine with made-up answers, or errors, by function."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

MIB = 1 << 20


class NVMLError(Exception):
    """As pynvml's: the number is in ``value``."""

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Pynvml's word for it."""
        return {12: "NVML Shared Library Not Found", 999: "Unknown Error"}.get(self.value, "error")


Answer = Callable[..., Any]


def fails(number: int) -> Answer:
    """A function that always answers with that error."""

    def function(*_: Any) -> Any:
        raise NVMLError(number)

    return function


def says(value: Any) -> Answer:
    """A function that always answers the same."""
    return lambda *_: value


def fake_nvml(count: int = 2, **changes: Answer | None) -> SimpleNamespace:
    """The module, as it is on a machine with ``count`` H200; None takes a function away."""
    memory = SimpleNamespace(total=143_771 * MIB, used=4 * MIB, reserved=616 * MIB)
    action = SimpleNamespace(nvmlReturn=0, value=SimpleNamespace(uiVal=0))
    functions: dict[str, Any] = {
        "nvmlInit": says(None),
        "nvmlSystemGetDriverVersion": says("580.159.04"),
        "nvmlSystemGetCudaDriverVersion_v2": says(13000),
        "nvmlSystemGetProcessName": says("/usr/bin/python3.12 train.py --token secret"),
        "nvmlDeviceGetCount": says(count),
        "nvmlDeviceGetHandleByIndex": lambda index: 1000 + index,
        "nvmlDeviceGetCudaComputeCapability": says((9, 0)),
        "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
        "nvmlDeviceGetName": says(b"NVIDIA H200"),
        "nvmlDeviceGetPciInfo": says(SimpleNamespace(busId=b"00000000:3B:00.0")),
        "nvmlDeviceGetMemoryInfo": says(memory),
        "nvmlDeviceGetComputeRunningProcesses": says([]),
        "nvmlDeviceGetGraphicsRunningProcesses": says([]),
        "nvmlDeviceGetMPSComputeRunningProcesses": says([]),
        "nvmlDeviceGetCurrPcieLinkGeneration": says(1),
        "nvmlDeviceGetMaxPcieLinkGeneration": says(5),
        "nvmlDeviceGetGpuMaxPcieLinkGeneration": says(5),
        "nvmlDeviceGetCurrPcieLinkWidth": says(16),
        "nvmlDeviceGetMaxPcieLinkWidth": says(16),
        "nvmlDeviceGetNvLinkState": _nvlink,
        "nvmlDeviceGetRemappedRows": says((0, 1, 0, 0)),
        "nvmlDeviceGetTotalEccErrors": lambda _, __, counter: 7 if counter else 0,
        "nvmlDeviceGetRetiredPagesPendingStatus": fails(3),
        "nvmlDeviceGetFieldValues": says([action]),
        "nvmlDeviceGetCurrentClocksEventReasons": says(1),
        "nvmlDeviceGetTemperature": says(31),
        "nvmlDeviceGetComputeMode": says(0),
        "nvmlDeviceGetPersistenceMode": says(1),
        "nvmlDeviceGetMigMode": says([0, 0]),
        "nvmlDeviceGetP2PStatus": says(0),
        "nvmlDeviceGetTopologyCommonAncestor": says(50),
        **changes,
    }
    present = {name: answer for name, answer in functions.items() if answer is not None}
    return SimpleNamespace(NVMLError=NVMLError, nvmlMemory_v2=0x02000028, **present)


def _nvlink(_: Any, link: int) -> int:
    if link >= 18:
        raise NVMLError(2)
    return 1
