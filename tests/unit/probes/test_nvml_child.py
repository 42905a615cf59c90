"""The child that asks NVML, with a stand-in for its module; and how its answer is read."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dsdoctor.probes.clients import nvml_child, nvml_gpu
from dsdoctor.probes.clients.gpus import (
    GpuMemory,
    GpuProcess,
    Inventory,
    Link,
    Mark,
    NoDriver,
    Pair,
    Remapped,
    Trouble,
    read_answer,
)
from dsdoctor.probes.clients.unavailable import Unavailable
from tests.unit.probes.fake_nvml import MIB, fails, fake_nvml, says


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the parent reads, over JSON, of a machine with this module."""

    def ask(library: SimpleNamespace | None) -> Inventory:
        monkeypatch.setitem(sys.modules, "pynvml", library)
        return read_answer(json.loads(json.dumps(nvml_child.inventory())))

    monkeypatch.setattr(nvml_gpu, "MOMENT", 0.0)
    return ask


def running(pid: int, mib: int | None) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, usedGpuMemory=None if mib is None else mib * MIB)


def test_a_whole_machine(told: Any) -> None:
    found = told(fake_nvml())
    assert (found.driver, found.cuda, found.trouble) == ("580.159.04", (13, 0), None)
    assert found.pairs == (Pair(0, 1, 0, 0, 50),)
    first = found.gpus[0]
    assert (first.index, first.name, first.bus) == (0, "NVIDIA H200", "0000:3b:00")
    assert first.memory == GpuMemory(143_771 * MIB, 4 * MIB, 616 * MIB)
    assert first.link == Link(1, 5, 5, 16, 16)
    assert first.nvlinks == (True,) * 18
    assert first.remapped == Remapped(0, 1, pending=False, failed=False)
    assert (first.ecc_now, first.ecc_ever, first.recovery, first.slow) == (0, 7, 0, 1)
    assert first.retired_pending is Mark.UNSUPPORTED
    assert first.fabric is Mark.UNSUPPORTED
    assert (first.compute_mode, first.persistence, first.mig) == (0, True, False)


def test_a_machine_without_gpus(told: Any) -> None:
    assert told(fake_nvml(0)).gpus == ()


@pytest.mark.parametrize(
    ("number", "mark"),
    [(15, Mark.LOST), (16, Mark.RESET), (4, Mark.NO_PERMISSION), (999, Mark.FAILED)],
)
def test_a_gpu_without_a_handle(told: Any, number: int, mark: Mark) -> None:
    found = told(fake_nvml(nvmlDeviceGetHandleByIndex=fails(number)))
    assert [gpu.mark for gpu in found.gpus] == [mark, mark]
    assert found.pairs == ()


def test_a_gpu_that_was_lost_later(told: Any) -> None:
    found = told(fake_nvml(1, nvmlDeviceGetCudaComputeCapability=fails(15)))
    assert found.gpus[0].mark is Mark.LOST


@pytest.mark.parametrize("number", [2, 3, 4, 6, 10, 13, 25, 999, 12345])
def test_no_error_of_one_question_ends_the_others(told: Any, number: int) -> None:
    names = [name for name in vars(fake_nvml()) if name.startswith("nvmlDevice")]
    kept = ("nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex")
    found = told(fake_nvml(**{name: fails(number) for name in names if name not in kept}))
    assert len(found.gpus) == 2
    assert found.gpus[0].mark is None
    assert isinstance(found.gpus[0].memory, Mark)


def test_an_old_library_lacks_functions(told: Any) -> None:
    names = [name for name in vars(fake_nvml()) if name.startswith("nvmlDevice")]
    kept = ("nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex")
    found = told(fake_nvml(**{name: None for name in names if name not in kept}))
    assert found.gpus[0].slow is Mark.UNSUPPORTED
    assert found.gpus[0].name == ""


def test_the_older_names_of_clocks_and_cuda(told: Any) -> None:
    found = told(
        fake_nvml(
            1,
            nvmlDeviceGetCurrentClocksEventReasons=None,
            nvmlDeviceGetCurrentClocksThrottleReasons=says(0x4),
            nvmlSystemGetCudaDriverVersion_v2=fails(13),
            nvmlSystemGetCudaDriverVersion=says(12040),
        )
    )
    assert (found.gpus[0].slow, found.cuda) == (0x4, (12, 4))


def test_a_slowdown_of_a_moment_does_not_count(told: Any) -> None:
    readings = iter([0x8 | 0x1, 0x1])
    found = told(fake_nvml(1, nvmlDeviceGetCurrentClocksEventReasons=lambda _: next(readings)))
    assert found.gpus[0].slow == 0x1
    lasting = told(fake_nvml(1, nvmlDeviceGetCurrentClocksEventReasons=says(0x40 | 0x4)))
    assert lasting.gpus[0].slow == 0x44


def test_memory_by_the_older_form(told: Any) -> None:
    plain = SimpleNamespace(total=80 << 30, used=5 << 30)

    def memory(_: Any, version: int | None = None) -> SimpleNamespace:
        return fails(25)() if version else plain

    found = told(fake_nvml(1, nvmlDeviceGetMemoryInfo=memory))
    assert found.gpus[0].memory == GpuMemory(80 << 30, 5 << 30, 0)


def test_processes(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsdoctor.probes.clients.nvml_process._user", lambda _: "ann")
    found = told(
        fake_nvml(
            1,
            nvmlDeviceGetComputeRunningProcesses=says([running(7, 100), running(8, None)]),
            nvmlDeviceGetGraphicsRunningProcesses=says([running(7, 20), running(9, 300)]),
            nvmlDeviceGetMPSComputeRunningProcesses=fails(3),
        )
    )
    assert found.gpus[0].processes == (
        GpuProcess(9, "python3.12", "ann", 300 * MIB, computes=False),
        GpuProcess(7, "python3.12", "ann", 100 * MIB),
        GpuProcess(8, "python3.12", "ann", Mark.UNSUPPORTED),
    )


def test_a_process_of_another_container(told: Any) -> None:
    found = told(
        fake_nvml(
            1,
            nvmlSystemGetProcessName=fails(6),
            nvmlDeviceGetComputeRunningProcesses=says([running(1 << 30, 100)]),
        )
    )
    assert found.gpus[0].processes == (GpuProcess(1 << 30, "", "", 100 * MIB),)


def test_a_crowd_of_processes_is_cut(told: Any) -> None:
    crowd = [running((1 << 30) + index, index) for index in range(1_000)]
    found = told(fake_nvml(1, nvmlDeviceGetComputeRunningProcesses=says(crowd)))
    processes = found.gpus[0].processes
    assert (len(processes), processes[0].memory) == (256, 999 * MIB)


def test_instances(told: Any) -> None:
    found = told(
        fake_nvml(
            1,
            nvmlDeviceGetMigMode=says([1, 1]),
            nvmlDeviceGetMaxMigDeviceCount=says(7),
            nvmlDeviceGetMigDeviceHandleByIndex=lambda _, slot: fails(6)() if slot > 1 else slot,
            nvmlDeviceGetUUID=lambda handle: f"MIG-{handle}",
        )
    )
    assert found.gpus[0].mig is True
    assert found.gpus[0].mig_uuids == ("MIG-0", "MIG-1")


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (4, Trouble.NO_PERMISSION),
        (9, Trouble.NOT_LOADED),
        (18, Trouble.MISMATCH),
        (999, Trouble.FAILED),
    ],
)
def test_a_driver_that_does_not_start(told: Any, number: int, trouble: Trouble) -> None:
    found = told(fake_nvml(nvmlInit=fails(number)))
    assert found.trouble is trouble
    assert found.detail


def test_no_driver(told: Any) -> None:
    with pytest.raises(NoDriver, match="no NVIDIA driver here"):
        told(fake_nvml(nvmlInit=fails(12)))


def test_no_binding_and_no_driver(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml_child, "_LIBRARY", "libof-nobody.so.1")
    with pytest.raises(NoDriver):
        told(None)


def test_no_binding_beside_a_driver(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml_child, "_LIBRARY", "libc.so.6")
    with pytest.raises(Unavailable, match="pip install nvidia-ml-py") as caught:
        told(None)
    assert not isinstance(caught.value, NoDriver)


@pytest.mark.parametrize(
    "answer", [None, 3, [], {"gpus": [{}]}, {"trouble": "odd"}, {"cuda": [1]}, {"gpus": 1}]
)
def test_an_answer_that_makes_no_sense(answer: object) -> None:
    with pytest.raises(Unavailable, match="makes no sense"):
        read_answer(answer)
