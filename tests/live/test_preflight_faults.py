"""Real faults of this machine, made now: preflight finds each by its code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fixtures.capture.preflight_faults import FAULTS, Fault, codes, possible, preflight
from tests.conftest import ROOT

DSDOCTOR = f"env PYTHONPATH={ROOT} {sys.executable} -m dsdoctor"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the faults are made with Linux's means"),
    pytest.mark.xdist_group("faults"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.slug)
def test_the_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    if why := possible(fault, sys.executable):
        pytest.skip(why)
    done = preflight(fault, tmp_path, DSDOCTOR, sys.executable, "--format", "json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert fault.hit(codes(report, fault.probe)), codes(report, fault.probe)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.slug)
def test_the_fault_is_not_found_where_it_is_not(fault: Fault, tmp_path: Path) -> None:
    """The same configuration and options on the machine as it is."""
    if why := possible(fault, sys.executable):
        pytest.skip(why)
    if not (fault.shell or fault.beside):
        pytest.skip("the configuration itself is the fault")
    sound = Fault(fault.slug, "nothing", "", fault.probe, config=fault.config)
    done = preflight(sound, tmp_path, DSDOCTOR, sys.executable, "--format", "json")
    report = json.loads(done.stdout)
    assert not fault.hit(codes(report, fault.probe))
