"""Throughput and memory on a large log, against GNU grep with the same literals.

Usage: python benchmarks/scan.py [--megabytes 2000] [--dsdoctor PATH]

grep only says which lines hold a literal; dsdoctor also finds the root cause. The ratio says what
that costs. Each process is pinned to one core where ``taskset`` is there.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.make_log import blocks
from dsdoctor.knowledge.pack import load_pack, with_anchors

TARGET_RATE = 100
TARGET_MEMORY = 150


def pinned(command: list[str]) -> list[str]:
    """The command on one core."""
    return ["taskset", "-c", "0", *command] if shutil.which("taskset") else command


def measure(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of one run."""
    # a file, since grep stops at the first match when its output is /dev/null; no PYTHONPATH, so
    # that the installed dsdoctor runs and not a checkout
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            pinned(command), stdout=out, env=environment | {"LC_ALL": "C"}, cwd="/"
        )
        _, _, usage = os.wait4(process.pid, 0)
        return time.perf_counter() - started, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1024 / 1e6


def literals(path: Path) -> Path:
    """The literals that dsdoctor's scanner looks for, one a line."""
    anchors = {a for rule in load_pack() for p in rule.match for a in with_anchors(p).anchors}
    path.write_text("\n".join(sorted(anchors)) + "\n")
    return path


def main() -> int:
    """Print the table; exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--dsdoctor", default=shutil.which("dsdoctor") or ".venv/bin/dsdoctor")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, words = Path(folder, "job.log"), literals(Path(folder, "literals"))
        with log.open("wb") as out:
            out.writelines(blocks(options.megabytes))
        size = log.stat().st_size / 1e6
        measure(["cat", str(log)])  # both read from the page cache
        grep, grep_memory = measure(["grep", "-c", "-F", "-f", str(words), str(log)])
        ours, memory = measure([str(Path(options.dsdoctor).absolute()), "explain", str(log)])
    print(f"log                 {size:8.0f} MB")
    print(f"grep -c -F -f       {size / grep:8.0f} MB/s  {grep_memory:6.0f} MB")
    print(f"dsdoctor explain    {size / ours:8.0f} MB/s  {memory:6.0f} MB")
    print(f"dsdoctor / grep     {grep / ours:8.2f} of its speed")
    return 0 if size / ours >= TARGET_RATE and memory <= TARGET_MEMORY else 1


if __name__ == "__main__":
    raise SystemExit(main())
