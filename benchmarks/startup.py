"""Start-up: explaining a 200 KB log against DeepSpeed's ds_report, side by side in one run.

Usage: python benchmarks/startup.py [--ds-report PATH] [--dsdoctor PATH] [--rounds 5]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.make_log import FAILED, HEALTHY, noise

TARGET = 0.25


def log_of(size: int, folder: Path) -> Path:
    """A log of about ``size`` bytes: training noise, then a failure."""
    path = folder / "job.log"
    block = noise(HEALTHY)
    while len(block) < size:
        block += block
    path.write_bytes(block[:size].rpartition(b"\n")[0] + b"\n" + FAILED.read_bytes())
    return path


def seconds(command: list[str]) -> float:
    """Wall time of one run."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> int:
    """Print both medians and their ratio; exit with 1 above the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ds-report", default=shutil.which("ds_report") or ".venv/bin/ds_report")
    parser.add_argument("--dsdoctor", default=shutil.which("dsdoctor") or ".venv/bin/dsdoctor")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = str(log_of(200_000, Path(folder)))
        pairs = [
            (seconds([options.dsdoctor, "explain", log]), seconds([options.ds_report]))
            for _ in range(options.rounds)
        ]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"dsdoctor explain, 200 KB  {ours:.3f} s\nds_report                 {theirs:.3f} s")
    print(f"ratio                     {ours / theirs:.3f} (target {TARGET})")
    return 0 if ours <= TARGET * theirs else 1


if __name__ == "__main__":
    raise SystemExit(main())
