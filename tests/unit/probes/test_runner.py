"""The runner: whatever a probe does becomes an outcome, in time and in order."""

from __future__ import annotations

import threading
import time

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Evidence, Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.runner import run_probes
from dsdoctor.probes.site import Site
from tests.unit.probes.network_site import site


def fine(_: Site) -> Reading:
    return Reading("8 x H100", facts={"count": 8})


def wrong(_: Site) -> Reading:
    complaint = Complaint(
        "DSM023", {"what": "shm"}, (Evidence("/proc/mounts", 3, "tmpfs"),), Severity.ERROR
    )
    return Reading("small", (complaint,))


def skipped(_: Site) -> Reading:
    raise Skip("no GPU here")


def unavailable(_: Site) -> Reading:
    raise Unavailable("the driver does not answer")


def crashed(_: Site) -> Reading:
    raise KeyError("size")


def hangs(_: Site) -> Reading:
    time.sleep(30)
    return Reading("never")


def run(pack: Pack, *probes: Probe) -> list[ProbeResult]:
    return run_probes(probes, site(), pack)


def test_outcomes_in_the_order_of_the_probes(pack: Pack) -> None:
    functions = (fine, wrong, skipped, unavailable, crashed)
    results = run(pack, *(Probe(item.__name__, "x", item) for item in functions))
    assert [(item.probe, item.outcome, item.note) for item in results] == [
        ("fine", Outcome.OK, ""),
        ("wrong", Outcome.ATTENTION, ""),
        ("skipped", Outcome.SKIPPED, "no GPU here"),
        ("unavailable", Outcome.SKIPPED, "could not look: the driver does not answer"),
        ("crashed", Outcome.CRASHED, "KeyError: 'size' (test_runner.py:37)"),
    ]
    assert results[0].facts == {"count": 8}
    (finding,) = results[1].findings
    assert (finding.code, finding.severity, finding.evidence[0].line) == (
        "DSM023",
        Severity.ERROR,
        3,
    )


def test_one_that_hangs_does_not_keep_the_others(pack: Pack) -> None:
    started = time.monotonic()
    late, soon = run(pack, Probe("late", "x", hangs, budget=0.2), Probe("soon", "x", fine))
    # it would sleep for 30 s
    assert time.monotonic() - started < 15
    assert (late.outcome, late.note) == (Outcome.TIMED_OUT, "no answer in 0.2 s")
    assert soon.outcome is Outcome.OK


def test_side_by_side(pack: Pack) -> None:
    """Each waits until all have begun: one after the other, none would ever end."""
    together = threading.Barrier(4)

    def meet(_: Site) -> Reading:
        together.wait(timeout=20)
        return Reading("met")

    results = run(pack, *(Probe(f"p{number}", "x", meet, budget=30) for number in range(4)))
    assert {item.summary for item in results} == {"met"}


def test_progress_is_told(pack: Pack) -> None:
    told: list[str] = []
    run_probes([Probe("a", "x", fine), Probe("b", "x", skipped)], site(), pack, told.append)
    assert sorted(told) == ["a", "b"]
