"""Preflight against ``ds_report``, and the folding of many hosts.

Usage: python -m benchmarks.preflight [--dsdoctor PATH] [--python PATH] [--rounds 5] [--hosts 200]

``ds_report`` is DeepSpeed's own look at a machine, so it is the peer. Both run in turn in the same
round, with the job's Python; the ratio of the medians counts. The hosts are made up: the answer of
this machine, many times, with every twentieth changed, unpacked and merged as real answers are.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dsdoctor.knowledge.pack import load_pack
from dsdoctor.model import ProbeResult
from dsdoctor.probes.here import this_site
from dsdoctor.probes.hosts.merge import HostAnswers, merged
from dsdoctor.probes.hosts.parcel import Parcel, pack_up, unpack
from dsdoctor.probes.registry import PROBES
from dsdoctor.probes.runner import run_probes
from dsdoctor.report.lines import as_plain
from dsdoctor.report.preflight_text import render


def main() -> None:
    """Print both figures."""
    options = arguments()
    ours = [*options.dsdoctor.split(), "preflight", "--python", options.python]
    theirs = [options.python, "-m", "deepspeed.env_report"]
    seconds: dict[str, list[float]] = {"preflight": [], "ds_report": []}
    for _ in range(options.rounds):
        seconds["preflight"].append(timed(ours))
        seconds["ds_report"].append(timed(theirs))
    for name, values in seconds.items():
        print(f"{name}: median {statistics.median(values):.2f} s of {len(values)}")
    ratio = statistics.median(seconds["preflight"]) / statistics.median(seconds["ds_report"])
    print(f"ratio {ratio:.3f}")
    fold(options.hosts)


def timed(argv: Sequence[str]) -> float:
    """Seconds that the command takes, whatever it finds."""
    started = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{argv}: {done.stderr[-500:]}")
    return time.perf_counter() - started


def fold(count: int) -> None:
    """Merge the answers of ``count`` hosts and lay the report out."""
    pack = load_pack()
    probes = [probe for probe in PROBES if not probe.deep]
    results = tuple(run_probes(probes, this_site(None), pack))
    documents = {name: document(name, results) for name in (f"node-{n}" for n in range(count))}
    started = time.perf_counter()
    parcels = {name: unpack(data) for name, data in documents.items()}
    report = merged(HostAnswers(parcels), list(documents), pack, 0.0)
    text = as_plain(render(report, 100))
    seconds = time.perf_counter() - started
    size = sum(map(len, documents.values())) / count
    print(f"{count} hosts of {size:.0f} bytes: {seconds:.2f} s, {len(text.splitlines())} lines")


def document(name: str, results: Sequence[ProbeResult]) -> bytes:
    """What a host sends; every twentieth has another kernel, memory and Python."""
    if int(name.rpartition("-")[2]) % 20 == 0:
        changed = {"python": name, "total_gib": 1}
        results = [replace(item, facts={**item.facts, **changed}) for item in results]
    return pack_up(Parcel(host=name, clock=0.0, results=tuple(results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dsdoctor", default=str(Path(sys.executable).with_name("dsdoctor")))
    parser.add_argument("--python", default=sys.executable, help="one that has deepspeed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hosts", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    main()
