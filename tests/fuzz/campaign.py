"""``python -m tests.fuzz.campaign``: every target for a number of executions, and a table of them.

A target that breaks goes on with what is left, so one fault does not hide the next ones.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.registry import MODULES

MAX_FAULTS = 20
ROOT = Path(__file__).resolve().parents[2]
_STATS = re.compile(rb"stat::(number_of_executed_units|peak_rss_mb):\s*(\d+)")
_SLOWEST = re.compile(rb"slowest input: ([\d.]+) s")


@dataclass
class Row:
    """What one target did."""

    name: str
    executions: int = 0
    seconds: float = 0.0
    peak_mb: int = 0
    slowest: float = 0.0
    faults: int = 0

    def __str__(self) -> str:
        return (
            f"{self.name:<12} {self.executions:>10,} executions {self.seconds:>7.0f} s "
            f"{self.peak_mb:>4} MB  slowest {self.slowest:.3f} s  {self.faults} faults"
        )


def run(name: str, runs: int, seconds: int, folder: Path) -> Row:
    """Fuzz one target until it has done ``runs`` executions, had its time or broken too often."""
    row, started = Row(name), time.monotonic()
    while row.executions < runs and row.seconds < seconds and row.faults < MAX_FAULTS:
        left = max(1, int(seconds - row.seconds))
        done = _once(row, [f"-runs={runs - row.executions}", f"-max_total_time={left}"], folder)
        row.seconds = time.monotonic() - started
        if not done:
            break
    return row


def _once(row: Row, limits: list[str], folder: Path) -> bool:
    """One process of the fuzzer; False if it did not even begin."""
    corpus, faults = folder / "corpus" / row.name, folder / "faults"
    corpus.mkdir(parents=True, exist_ok=True)
    faults.mkdir(parents=True, exist_ok=True)
    options = [*limits, "-print_final_stats=1", f"-artifact_prefix={faults}/{row.name}-"]
    line = [sys.executable, "-m", "tests.fuzz", row.name, *options, str(corpus)]
    log = folder / f"{row.name}.log"
    with log.open("ab") as out:
        start = out.tell()
        code = subprocess.run(line, cwd=ROOT, stdout=out, stderr=out, check=False).returncode
    said = log.read_bytes()[start:]
    stats = {key: int(value) for key, value in _STATS.findall(said)}
    row.executions += stats.get(b"number_of_executed_units", 0)
    row.peak_mb = max(row.peak_mb, stats.get(b"peak_rss_mb", 0))
    row.slowest = max([row.slowest, *map(float, _SLOWEST.findall(said))])
    row.faults += code != 0
    return bool(stats)


def main() -> int:
    """Run it; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.campaign")
    parser.add_argument("targets", nargs="*", default=list(MODULES), metavar="TARGET")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=24 * 3600, help="for one target at most")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    given = parser.parse_args()
    faults = 0
    for name in given.targets:
        row = run(name, given.runs, given.seconds, given.folder)
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        faults += row.faults
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
