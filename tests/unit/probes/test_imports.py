"""Whether torch and DeepSpeed import."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.imports import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_packages import PYTHON, software
from tests.unit.probes.gpu_site import asked, codes, severity

TORCH, DEEPSPEED = f"{PYTHON} -c import torch", f"{PYTHON} -c import deepspeed"


def test_both_import(pack: Pack) -> None:
    host = FakeHost(commands={TORCH: said(), DEEPSPEED: said("[INFO] accelerator: cuda")})
    result = asked(PROBES, software(host), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "import torch, deepspeed")


def test_it_takes_long_so_it_is_deep() -> None:
    assert PROBES[0].deep


def test_the_first_that_fails_is_told(pack: Pack) -> None:
    last = "ImportError: libcudnn.so.9: cannot open shared object file"
    host = FakeHost(commands={TORCH: said(code=1, err=f"Traceback ...\n{last}\n")})
    result = asked(PROBES, software(host), pack)
    assert codes(result) == ["DSB064"]
    assert severity(result) is Severity.FATAL
    assert result.findings[0].message == f"import torch fails: {last}"


def test_a_crash_without_words(pack: Pack) -> None:
    host = FakeHost(commands={TORCH: said(), DEEPSPEED: said(code=-11)})
    result = asked(PROBES, software(host), pack)
    assert "import deepspeed fails: exit code -11" in result.findings[0].message


def test_nothing_to_import(pack: Pack) -> None:
    result = asked(PROBES, software(packages={"python": "3.11.9"}), pack)
    assert result.outcome is Outcome.SKIPPED


def test_a_python_that_hangs(pack: Pack) -> None:
    host = FakeHost(commands={TORCH: Unavailable("python did not answer in 90 s")})
    assert asked(PROBES, software(host), pack).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert asked(PROBES, software(FakeHost(broken=error)), pack).outcome is outcome
