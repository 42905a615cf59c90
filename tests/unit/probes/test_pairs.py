"""A real all-reduce between two processes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.gpus import NoDriver, Trouble
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.pairs import PROBES, SCRIPT
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_gpus import FakeGpus, gpu, in_trouble, machine, silent
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site

PYTHON = "/usr/bin/python3"
GOOD = {"ok": True, "bandwidth": 312.4}
WRONG = {"ok": False, "kind": "wrong", "error": "the sum is wrong"}
CPU = FakeGpus(NoDriver("no NVIDIA driver here"))


def host(*answers: dict[str, Any] | Exception) -> FakeHost:
    """It gives the answers in turn, the last one for ever."""
    left = list(answers)

    class Host(FakeHost):
        def run(self, argv: Any, timeout: float) -> Any:
            self.ran.append(tuple(argv))
            assert timeout > float(argv[-1]), "the child ends by itself, before it is killed"
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return said(f"NCCL version 2.27.5\n{json.dumps(answer)}\n")

    return Host()


def look(pack: Pack, where: FakeHost, gpus: Any = None, **more: Any) -> ProbeResult:
    return asked(PROBES, site(host=where, gpus=gpus or FakeGpus(machine(count=4)), **more), pack)


def test_healthy(pack: Pack) -> None:
    where = host(GOOD)
    result = look(pack, where)
    assert (result.outcome, result.summary) == (Outcome.OK, "6 of 6 pairs work, 312 GB/s")
    assert result.facts["GB/s"]["0-1"] == 300  # type: ignore[index]
    assert where.ran[0][:3] == (PYTHON, SCRIPT, "nccl")
    assert where.ran[0][3] == f"{gpu(0).uuid},{gpu(1).uuid}"


def test_neighbours_come_first(pack: Pack) -> None:
    where = host(GOOD)
    look(pack, where, FakeGpus(machine(count=8)))
    pairs = [tuple(int(item[4:12], 16) for item in words[3].split(",")) for words in where.ran]
    assert len(set(pairs)) == 28
    assert sorted(pairs[:8]) == sorted([*((i, i + 1) for i in range(7)), (0, 7)])


def test_only_the_job_s_gpus(pack: Pack) -> None:
    assert look(pack, host(GOOD), wanted_gpus=2).facts["tried"] == 1


def test_a_pair_that_fails(pack: Pack) -> None:
    bad = {"ok": False, "kind": "error", "error": "DistBackendError: NCCL error: unhandled"}
    result = look(pack, host(GOOD, bad, GOOD))
    assert codes(result) == ["DSN092"]
    assert "fails between GPU 0-3: DistBackendError" in result.findings[0].message
    assert result.facts["failed"] == ["0-3"]


def test_no_pair_works(pack: Pack) -> None:
    result = look(pack, host({"ok": False, "kind": "timeout"}))
    assert codes(result) == ["DSN092"]
    assert "between all GPUs: no answer in 60 s" in result.findings[0].message
    assert result.summary == "0 of 6 pairs work"


def test_wrong_numbers(pack: Pack) -> None:
    result = look(pack, host(WRONG, GOOD))
    assert codes(result) == ["DSN093"]
    assert severity(result) is Severity.FATAL


def test_a_child_that_must_be_killed(pack: Pack) -> None:
    result = look(pack, host(Unavailable("python3 did not answer in 70 s"), GOOD))
    assert codes(result) == ["DSN092"]


def test_gloo_without_gpus(pack: Pack) -> None:
    result = look(pack, host(GOOD), CPU)
    assert (result.outcome, result.summary) == (Outcome.OK, "two processes add up over Gloo")
    failed = look(pack, host({"ok": False, "kind": "error", "error": "no interface"}), CPU)
    assert (codes(failed), severity(failed)) == (["DSN092"], Severity.WARNING)
    assert failed.findings[0].message == (
        "An all-reduce over Gloo fails between two processes: no interface"
    )


@pytest.mark.parametrize(
    ("gpus", "why"),
    [
        (FakeGpus(machine(gpu(0))), "only one GPU"),
        (FakeGpus(machine(gpu(0, mig=True), gpu(1))), "MIG is on: its instances do not talk"),
        (in_trouble(Trouble.NOT_LOADED), "the driver does not answer"),
        (silent(), "could not look"),
    ],
)
def test_skipped(pack: Pack, gpus: FakeGpus, why: str) -> None:
    result = look(pack, host(GOOD), gpus)
    assert result.outcome is Outcome.SKIPPED
    assert why in result.note


@pytest.mark.parametrize("kind", ["no torch", "no backend"])
def test_a_python_that_cannot(pack: Pack, kind: str) -> None:
    result = look(pack, host({"ok": False, "kind": kind, "error": "this torch has no nccl"}))
    assert (result.outcome, result.note) == (
        Outcome.SKIPPED,
        "could not look: this torch has no nccl",
    )


def test_no_python(pack: Pack) -> None:
    assert look(pack, host(Unavailable("python3 is not installed"))).outcome is Outcome.SKIPPED


def test_a_crash_is_told(pack: Pack) -> None:
    packages = SimpleNamespace()
    assert look(pack, host(GOOD), packages=packages).outcome is Outcome.CRASHED
