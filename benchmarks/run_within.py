"""What ``dsdoctor run`` costs a step, measured within one job.

Usage: DS_ACCELERATOR=cpu python -m benchmarks.run_within [--windows 60] [--seconds 2]
       [--gpus 2] [--python VENV/bin/python]

Two runs of one job differ by several per cent on a busy or virtual machine, more than a watcher
could cost. So dsdoctor is stopped (SIGSTOP) and continued by turns while a job trains under it;
neighbouring windows of the same job are compared, and the processor time that dsdoctor used is
read. The same is done to the bare job with nothing to stop: how far that is from 1 is what the
method cannot see. What dsdoctor sets before the job starts is not measured here;
``benchmarks.run_overhead`` compares whole runs.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

import psutil

from benchmarks.run_overhead import WARM, prepared, step_events, surroundings, watched
from benchmarks.smoke_overhead import launch_of

EDGE = 0.15
"""Seconds after a change that do not count."""
DRAWS = 2000
"""Resamplings of the bootstrap."""
Windows = list[tuple[float, float]]


@contextmanager
def training(keep: Path, before: Sequence[str], options: argparse.Namespace) -> Iterator[int]:
    """The job, from its first steps on; the process that was started."""
    argv = [*before, *launch_of(keep, options)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, env=surroundings(options), stdout=quiet, stderr=quiet) as job:
        try:
            while len(step_times(keep)) < WARM * options.gpus:
                if job.poll() is not None:
                    sys.exit("the job ended before it trained")
                time.sleep(0.2)
            yield job.pid
        finally:
            for process in [*psutil.Process(job.pid).children(recursive=True), job]:
                process.kill()


def step_times(keep: Path) -> list[tuple[float, float]]:
    """When each step ended and the seconds that it took, of all ranks."""
    return [(event["time"], event["seconds"]) for event in step_events(keep)]


def own_processes(pid: int) -> list[psutil.Process]:
    """dsdoctor and its relay, which is a fork of it."""
    doctor = psutil.Process(pid)
    line = doctor.cmdline()
    return [doctor, *(one for one in doctor.children() if one.cmdline() == line)]


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Processor time that they have used so far."""
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def by_turns(options: argparse.Namespace, stopped: list[psutil.Process]) -> Windows:
    """Windows of time, the processes stopped in every other one, those with odd numbers."""
    windows = []
    for number in range(options.windows):
        for process in stopped:
            process.send_signal(signal.SIGSTOP if number % 2 else signal.SIGCONT)
        started = time.time()
        time.sleep(options.seconds)
        windows.append((started + EDGE, time.time()))
    for process in stopped:
        process.send_signal(signal.SIGCONT)
    return windows


def ratios(windows: Windows, took: list[tuple[float, float]]) -> list[float]:
    """Even window to odd window, of every two neighbours: running to stopped."""
    means = []
    for start, end in windows:
        inside = [seconds for at, seconds in took if at - seconds >= start and at <= end]
        if not inside:
            sys.exit("a window without a whole step: give --seconds")
        means.append(fmean(inside))
    found = []
    for number, (one, other) in enumerate(pairwise(means)):
        found.append(other / one if number % 2 else one / other)
    return found


def told(name: str, found: list[float]) -> str:
    """The median with the middle 95 % of medians of as many drawn again."""
    drawn = sorted(median(random.choices(found, k=len(found))) for _ in range(DRAWS))
    low, high = drawn[DRAWS // 40], drawn[-DRAWS // 40]
    return f"{name}: {median(found):.4f} (95 %: {low:.4f} to {high:.4f}), {len(found)} pairs"


def main() -> None:
    """Measure both, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--gpus", type=int, default=2)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    options.steps = 100_000
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder, "job")
        first = argparse.Namespace(**{**vars(options), "steps": 5})
        prepared(keep, first)
        plan = keep / "plan.json"
        plan.write_text(json.dumps({**json.loads(plan.read_text()), "steps": options.steps}))
        with training(keep, watched(Path(folder, "watched")), options) as pid:
            own = own_processes(pid)
            before = cpu_seconds(own)
            windows = by_turns(options, own)
            share = (cpu_seconds(own) - before) / sum(end - start for start, end in windows[::2])
            print(told("running to stopped", ratios(windows, step_times(keep))))
            print(f"while it runs, dsdoctor takes {share:.2%} of one core", flush=True)
        with training(keep, [], options):
            windows = by_turns(options, [])
            print(told("nothing to stop", ratios(windows, step_times(keep))))


if __name__ == "__main__":
    main()
