"""Pinned memory: WSL, and the trial."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients import pinned_child
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import Completed, RealHost
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.pinned import PROBES
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import OFFLOADED, job
from tests.unit.probes.gpu_site import asked, codes, severity, site

LOOK, TRIAL = PROBES[:1], PROBES[1:]
GIB = 1 << 30
LINUX = "Linux version 6.8.0-45-generic (buildd@lcy02) (gcc 13.2.0) #45-Ubuntu SMP\n"
WSL = "Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d701f84f1) (gcc 11.2.0) #1 SMP\n"


def on(kernel: str, **more: Any) -> Site:
    return site(machine(), FakeHost({"/proc/version": kernel}), **more)


def test_linux(pack: Pack) -> None:
    result = asked(LOOK, on(LINUX, job=job()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "the job pins offload_optimizer")
    assert result.facts == {"wsl": False, "pinned_by_job": ["offload_optimizer"]}


def test_wsl(pack: Pack) -> None:
    result = asked(LOOK, on(WSL, job=job()), pack)
    assert codes(result) == ["DSM085"]
    assert severity(result) is Severity.WARNING
    assert result.findings[0].message.endswith("; the job pins offload_optimizer")


def test_wsl_does_not_matter_where_nothing_is_pinned(pack: Pack) -> None:
    pageable = {"stage": 2, "offload_optimizer": {"device": "cpu", "pin_memory": False}}
    for spec in (None, job({**OFFLOADED, "zero_optimization": pageable})):
        result = asked(LOOK, on(WSL, job=spec), pack)
        assert severity(result) is Severity.INFO
        assert "the job pins" not in result.findings[0].message


@pytest.mark.parametrize(("line", "pins"), [("0.19.8", 1), ("0.16.9", 0)])
def test_the_default_depends_on_the_version(pack: Pack, line: str, pins: int) -> None:
    result = asked(LOOK, on(LINUX, job=job(deepspeed=line)), pack)
    assert len(result.facts["pinned_by_job"]) == pins  # type: ignore[arg-type]


def test_no_linux(pack: Pack) -> None:
    assert asked(LOOK, site(machine(), FakeHost()), pack).outcome is Outcome.SKIPPED


class Trial(FakeHost):
    """A host whose Python answers so, and that remembers how much was asked for."""

    def __init__(self, answer: dict[str, object] | Completed, free: int = 100) -> None:
        meminfo = f"MemTotal: {128 << 20} kB\nMemAvailable: {free << 20} kB\n"
        done = answer if isinstance(answer, Completed) else said(f"hello\n{json.dumps(answer)}\n")
        super().__init__({"/proc/meminfo": meminfo}, commands={"python3": done})


def trial(host: FakeHost, **more: Any) -> Site:
    where = site(machine(), host, **more)
    where.packages.python = "python3"  # type: ignore[misc]
    return where


def test_all_could_be_pinned(pack: Pack) -> None:
    host = Trial({"pinned": 2 * GIB, "error": ""})
    result = asked(TRIAL, trial(host), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "2.15 GB pinned")
    assert host.ran == [("python3", str(pinned_child.__file__), str(2 * GIB))]


def test_the_trial_leaves_others_their_memory(pack: Pack) -> None:
    host = Trial({"pinned": GIB, "error": ""}, free=8)
    assert asked(TRIAL, trial(host), pack).outcome is Outcome.OK
    assert host.ran[0][-1] == str(GIB)


def test_only_a_part_could_be_pinned(pack: Pack) -> None:
    answer = {"pinned": GIB // 4, "error": "CUDA error: out of memory"}
    result = asked(TRIAL, trial(Trial(answer)), pack)
    assert codes(result) == ["DSM014"]
    assert severity(result) is Severity.WARNING
    assert result.findings[0].message == (
        "Only 268 MB of 2.15 GB host memory could be pinned: CUDA error: out of memory"
    )
    assert severity(asked(TRIAL, trial(Trial(answer), job=job()), pack)) is Severity.ERROR


def test_no_gpu_to_pin_for(pack: Pack) -> None:
    result = asked(TRIAL, trial(Trial({"skip": "torch sees no GPU"})), pack)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, "torch sees no GPU")


def test_no_torch(pack: Pack) -> None:
    result = asked(TRIAL, site(machine(), FakeHost(), versions={}), pack)
    assert result.outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    "done", [said("", -11), said("{}\n"), said("oops\n"), said("", 1, "ImportError: libcudart")]
)
def test_a_trial_without_an_answer(pack: Pack, done: Completed) -> None:
    result = asked(TRIAL, trial(Trial(done)), pack)
    assert result.outcome is Outcome.SKIPPED
    assert result.note.startswith("could not look: the trial gave no answer")


@pytest.mark.parametrize("probes", [LOOK, TRIAL], ids=["look", "trial"])
@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_host_that_fails(pack: Pack, probes: Any, error: Exception, outcome: Outcome) -> None:
    assert asked(probes, trial(FakeHost(broken=error)), pack).outcome is outcome


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    assert asked(LOOK, site(NoDriver("none"), host), pack).outcome is not Outcome.CRASHED


def test_this_python_has_no_torch_or_no_gpu_or_pins() -> None:
    done = RealHost().run([sys.executable, str(pinned_child.__file__), str(1 << 20)], 90)
    answer = json.loads(done.out.splitlines()[-1])
    assert {"skip", "pinned"} & answer.keys()
