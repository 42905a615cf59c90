"""Clocks that go wrong: every host's time when its answer was ready against ours when it came.

An answer is on its way for a while, so a host seems behind by that time. What is the same for all
of them is taken off; a host is accused only of more than a launcher can explain.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from dsdoctor.model import Confidence, Evidence
from dsdoctor.probes.probe import Complaint

CODE = "DSH180"
TOLERANCE = 3.0
"""Seconds."""


def skewed(
    clocks: Mapping[str, float], arrived: Mapping[str, float]
) -> Iterator[tuple[Complaint, tuple[str, ...]]]:
    """A complaint for each host whose clock is not as the others'.

    Args:
        clocks: each host's own time when it had its answer, in seconds since the epoch.
        arrived: our time when the answer was here.
    """
    ahead = {host: clocks[host] - arrived[host] for host in clocks if arrived.get(host)}
    if len(ahead) < 2:
        return
    usual = statistics.median_low(sorted(ahead.values()))
    for host, seconds in ahead.items():
        off = seconds - usual
        if abs(off) > TOLERANCE:
            values = {"host": host, "seconds": f"{abs(off):.0f}", "side": _side(off)}
            evidence = (Evidence(host, 0, f"clock {_side(off)} by about {abs(off):.0f} s"),)
            yield Complaint(CODE, values, evidence, confidence=Confidence.LIKELY), (host,)


def _side(seconds: float) -> str:
    return "ahead of" if seconds > 0 else "behind"
