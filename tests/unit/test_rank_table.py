"""A row for every rank."""

from __future__ import annotations

from datetime import datetime

from tests.conftest import ROOT, Explain

CASES = ROOT / "fixtures" / "cases"


def test_an_end_has_the_time_that_its_line_carries(diagnose: Explain) -> None:
    """The watchdog of each rank stamps its complaint."""
    rows = diagnose((CASES / "gpu-uneven-epoch" / "job.log").read_text()).ranks
    ends = [row.time and row.time.replace(microsecond=0) for row in rows]
    assert ends == [datetime(2026, 11, 20, 14, 39, 29)] * 2


def test_an_end_without_a_time_has_none(diagnose: Explain) -> None:
    """Of four ranks the launcher stops three, and says when; the fourth raised."""
    rows = diagnose((CASES / "gpu-four-oom-one-rank" / "job.log").read_text()).ranks
    assert [row.time is None for row in rows] == [False, False, True, False]
