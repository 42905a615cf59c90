"""The real client, on whatever machine this is; and a driver that hangs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome
from dsdoctor.probes import (
    gpu_driver,
    gpu_equal,
    gpu_health,
    gpu_inventory,
    gpu_links,
    gpu_memory,
    gpu_modes,
    gpu_throttle,
    gpu_visible,
)
from dsdoctor.probes.clients import gpus
from dsdoctor.probes.clients.gpus import Inventory, NvmlGpus, Trouble
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.runner import run_probes
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.gpu_site import codes, site

MODULES = (
    gpu_inventory,
    gpu_equal,
    gpu_visible,
    gpu_memory,
    gpu_driver,
    gpu_health,
    gpu_throttle,
    gpu_links,
    gpu_modes,
)
ALL = tuple(probe for module in MODULES for probe in module.PROBES)
NO_DRIVER = not any(Path(f"/dev/nvidia{name}").exists() for name in ("ctl", "0"))
BOUND = 3.0
"""Seconds for all probes of GPUs. Measured without GPUs on two busy cores: 0.09 to 0.12."""


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that is run in place of the child."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(gpus, "CHILD", "made_up_child")
    return tmp_path / "made_up_child.py"


def test_it_answers_or_says_why_not() -> None:
    started = time.monotonic()
    told = _told(NvmlGpus())
    assert isinstance(told, Inventory) or told
    assert time.monotonic() - started < gpus.TIMEOUT


@pytest.mark.skipif(not NO_DRIVER, reason="there is an NVIDIA driver here")
def test_without_a_driver_it_says_so_at_once() -> None:
    client = NvmlGpus()
    started = time.monotonic()
    with pytest.raises(gpus.NoDriver, match="no NVIDIA driver here"):
        client.inventory()
    assert time.monotonic() - started < 1


def test_all_probes_here_are_quick_and_none_crashes(
    pack: Pack, record_property: pytest.RecordProperty
) -> None:
    where = replace(site(machine(), RealHost()), gpus=NvmlGpus())
    started = time.monotonic()
    results = run_probes(ALL, where, pack)
    seconds = time.monotonic() - started
    record_property("seconds", round(seconds, 3))
    assert not [result for result in results if result.outcome is Outcome.CRASHED]
    if NO_DRIVER:
        assert seconds < BOUND
        outcomes = {result.probe: result.outcome for result in results}
        assert outcomes.pop("gpus") is not Outcome.SKIPPED
        assert set(outcomes.values()) == {Outcome.SKIPPED}


def test_ids_are_short_and_differ() -> None:
    ids = [probe.id for probe in ALL]
    assert len(set(ids)) == len(ids)
    assert all(len(name) <= 12 for name in ids)


def test_no_probe_gives_up_before_the_driver_does() -> None:
    assert all(probe.budget > gpus.TIMEOUT for probe in ALL)


def test_all_share_one_answer(child: Path) -> None:
    tally = child.with_name("tally")
    child.write_text(
        f"import sys; sys.stdin.read(); open({str(tally)!r}, 'a').write('x')\n"
        "print('noise'); print('{\"driver\": \"1.2\"}')\n"
    )
    client = NvmlGpus(10)
    answers: list[Inventory] = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.inventory())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.driver for answer in answers] == ["1.2"] * 8
    assert tally.read_text() == "x"


def test_a_driver_that_hangs(pack: Pack, child: Path) -> None:
    child.write_text("import time\ntime.sleep(60)\n")
    client = NvmlGpus(0.5)
    started = time.monotonic()
    results = run_probes(ALL, replace(site(machine()), gpus=client), pack)
    assert time.monotonic() - started < 5
    first, *others = results
    assert codes(first) == ["DSH051"]
    assert "no answer in 0.5 s" in first.findings[0].message
    assert {result.note for result in others} == {"the driver does not answer (see gpus)"}
    assert client.inventory().trouble is Trouble.HUNG


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "died of SIGSEGV"),
        ("raise OSError('libnvidia broken')", "libnvidia broken"),
        ("print('no json')", "no answer"),
        ("pass", "no answer"),
        ("print('{\"gpus\": 3}')", "makes no sense"),
    ],
)
def test_a_child_that_breaks(child: Path, text: str, words: str) -> None:
    child.write_text(f"{text}\n")
    client = NvmlGpus(10)
    for _ in range(2):
        with pytest.raises(Unavailable, match=words):
            client.inventory()


def test_the_parent_never_loads_the_binding() -> None:
    code = (
        "import sys\n"
        "from dsdoctor.probes.clients.gpus import NvmlGpus\n"
        "from dsdoctor.probes.clients.unavailable import Unavailable\n"
        "try:\n    NvmlGpus().inventory()\nexcept Unavailable:\n    pass\n"
        "sys.exit('pynvml' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0


def _told(client: NvmlGpus) -> Inventory | str:
    """What it says, or why it says nothing."""
    try:
        return client.inventory()
    except Unavailable as reason:
        return str(reason)
