"""Signs of work, by a driver that tells what we want and a /proc that we make."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsdoctor.probes.clients import nvml_use_child
from dsdoctor.witness.activity import Activity
from dsdoctor.witness.tree import cpu_seconds, memory_of, ranks_of
from tests.unit.probes.fake_nvml import fails, fake_nvml, says

TICKS = os.sysconf("SC_CLK_TCK")


def process(
    proc: Path, pid: int, *, parent: int = 1, ticks: int = 0, environ: bytes = b"A=1"
) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    fields = ["R", str(parent), *["0"] * 9, str(ticks), "0", "0"]
    (folder / "stat").write_text(f"{pid} (a ) b) {' '.join(fields)}\n")
    (folder / "environ").write_bytes(environ + b"\0")
    (folder / "status").write_text("Name:\tpython\nState:\tS (sleeping)\nVmRSS:\t  120 kB\n")


def gpu(cores: int, memory: int, *pids: int) -> dict[str, object]:
    return {"cores": cores, "memory": memory, "pids": list(pids)}


@pytest.mark.parametrize(
    ("use", "busy"),
    [
        ((100, 35), True),
        ((40, 0), True),
        ((0, 0), False),
        ((100, 0), False),  # every core spins in a collective
    ],
)
def test_what_counts_as_work(tmp_path: Path, use: tuple[int, int], busy: bool) -> None:
    process(tmp_path, 7)
    activity = Activity(lambda: [gpu(*use, 7)], tmp_path)
    assert activity.busy({7: "python"}) is busy
    assert activity.kind == "GPU"


def test_gpus_of_others_do_not_count(tmp_path: Path) -> None:
    process(tmp_path, 7)
    process(tmp_path, 8)
    activity = Activity(lambda: [gpu(0, 0, 7), gpu(90, 50, 8)], tmp_path)
    assert not activity.busy({7: "python"})


def test_in_a_container_all_gpus_count(tmp_path: Path) -> None:
    """The driver's process numbers are not those of the container."""
    process(tmp_path, 7)
    assert Activity(lambda: [gpu(90, 50, 41234)], tmp_path).busy({7: "python"})


@pytest.mark.parametrize("gpus", [[], [{"pids": [7]}], [gpu(0, 0, 8)]])
def test_without_a_gpu_the_cpu_counts(tmp_path: Path, gpus: list[dict[str, object]]) -> None:
    """None there, none that tells, or none that the job has open."""
    process(tmp_path, 7)
    process(tmp_path, 8)
    activity = Activity(lambda: gpus, tmp_path)
    assert not activity.busy({7: "python"})
    process(tmp_path, 7, ticks=50 * TICKS)
    assert activity.busy({7: "python"})
    assert not activity.busy({7: "python"})
    assert activity.kind == "CPU"


def test_cpu_time_is_that_of_all_processes(tmp_path: Path) -> None:
    process(tmp_path, 7, ticks=3 * TICKS)
    process(tmp_path, 8, ticks=4 * TICKS)
    assert cpu_seconds({7: "a", 8: "b", 9: "gone"}, tmp_path) == 7
    assert memory_of(7, tmp_path) == {"State": "S (sleeping)", "VmRSS": "120 kB"}
    assert memory_of(9, tmp_path) == {}


def test_a_rank_is_the_first_process_with_its_number(tmp_path: Path) -> None:
    process(tmp_path, 10)
    process(tmp_path, 11, parent=10, environ=b"X=1\0RANK=0\0LOCAL_RANK=0")
    process(tmp_path, 12, parent=10, environ=b"RANK=1")
    process(tmp_path, 13, parent=12, environ=b"RANK=1")
    process(tmp_path, 14, environ=b"RANK=99999999999\0SLURM_PROCID=x\0=\0broken")
    names = dict.fromkeys((10, 11, 12, 13, 14), "python3")
    assert [(one.rank, one.pid) for one in ranks_of(names, tmp_path)] == [(0, 11), (1, 12)]


def test_without_numbers_the_python_processes_are_taken(tmp_path: Path) -> None:
    for pid in (20, 21):
        process(tmp_path, pid)
    found = ranks_of({20: "bash", 21: "python3.11"}, tmp_path)
    assert [(one.rank, one.pid) for one in found] == [(0, 21)]


def test_the_child_tells_the_highest_use(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([(0, 0), (70, 5), (30, 9), *[(0, 0)] * 9])

    def rates(_: object) -> SimpleNamespace:
        cores, memory = next(looks)
        return SimpleNamespace(gpu=cores, memory=memory)

    module = fake_nvml(
        1,
        nvmlDeviceGetUtilizationRates=rates,
        nvmlDeviceGetComputeRunningProcesses=says([SimpleNamespace(pid=5), SimpleNamespace(pid=5)]),
    )
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.setattr(nvml_use_child, "PAUSE", 0)
    told = json.loads(json.dumps(nvml_use_child.use()))
    assert told == [{"cores": 70, "memory": 9, "pids": [5]}]


def test_the_child_survives_a_driver_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml_use_child, "PAUSE", 0)
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(2, nvmlDeviceGetUtilizationRates=fails(3)))
    assert nvml_use_child.use() == [{"pids": []}, {"pids": []}]
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(nvmlInit=fails(9)))
    assert nvml_use_child.use() == []
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvml_use_child.use() == []
