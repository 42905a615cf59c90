"""Start-up: explaining a 200 KB log against DeepSpeed's ds_report, side by side in one run.

Usage: python benchmarks/startup.py [--ds-report PATH] [--dsdoctor PATH] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
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
    """Wall time of one run of what is installed (no PYTHONPATH, not in a checkout)."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with Path(os.devnull).open("wb") as null:
        started = time.perf_counter()
        subprocess.run(command, stdout=null, stderr=null, env=environment, cwd="/", check=False)
        return time.perf_counter() - started


def main() -> int:
    """Print both medians and their ratio; exit with 1 above the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--ds-report", default=shutil.which("ds_report") or ".venv/bin/ds_report")
    parser.add_argument("--dsdoctor", default=shutil.which("dsdoctor") or ".venv/bin/dsdoctor")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours, theirs = (str(Path(p).absolute()) for p in (options.dsdoctor, options.ds_report))
    with tempfile.TemporaryDirectory() as folder:
        log = str(log_of(200_000, Path(folder)))
        pairs = [
            (seconds([ours, "explain", log]), seconds([theirs])) for _ in range(options.rounds)
        ]
    explain, report = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"dsdoctor explain, 200 KB  {explain:.3f} s\nds_report                 {report:.3f} s")
    print(f"ratio                     {explain / report:.3f} (target {TARGET})")
    return 0 if explain <= TARGET * report else 1


if __name__ == "__main__":
    raise SystemExit(main())
