"""Reports that several tests need, and a place where paths mean the same everywhere."""

from __future__ import annotations

import pytest

from dsdoctor.model import Report, Status, Verdict
from dsdoctor.report.places import PROJECT_FOLDERS


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves run in a CI system."""
    for name in PROJECT_FOLDERS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def smoke_failure() -> Report:
    """A run that failed, and no log says why."""
    return Report(Verdict(Status.PROBLEMS, "failed in 3 s"), command="smoke")
