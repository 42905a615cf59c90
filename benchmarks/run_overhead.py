"""What ``dsdoctor run`` costs: step times of a real job, and a job that prints a lot.

Usage: python -m benchmarks.run_overhead [--rounds 6] [--python VENV/bin/python] [--steps 60]
       python -m benchmarks.run_overhead --lines 1000000 [--rounds 5]

The first form trains the smoke worker's small model under the deepspeed launcher, turn about with
and without dsdoctor. Every round gives the ratio of the two medians of all step times; what is
printed is the median of those ratios, and as a measure of the noise the same for the two bare
runs of a round. The second form prints that many lines through a pipe and through a terminal,
bare, under dsdoctor, and under ``tee`` and ``script``, which do less of the same.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.smoke_overhead import CONFIG, launch_of

ROOT = Path(__file__).parent.parent
WARM = 5
"""Steps at the beginning that do not count."""
PRINTER = "for i in range({}): print('step', i, 'loss 2.3456 lr 1e-4 grad norm 0.123')"


def watched(folder: Path) -> list[str]:
    """What stands before a command that dsdoctor runs."""
    return [sys.executable, "-m", "dsdoctor", "run", "--quiet", "--dir", str(folder), "--"]


def prepared(keep: Path, options: argparse.Namespace) -> None:
    """Let dsdoctor plan a small job, and run it once: ops are compiled then."""
    config = keep.with_name("ds_config.json")
    config.write_text(json.dumps(CONFIG))
    argv = [options.python, "-m", "dsdoctor", "smoke", str(config), "--keep", str(keep)]
    argv += ["--gpus", str(options.gpus), "--steps", str(options.steps), "--timeout", "600"]
    finished(argv, surroundings(options))


def steps(keep: Path, before: Sequence[str], options: argparse.Namespace) -> list[float]:
    """The step times of one run, of all ranks."""
    finished([*before, *launch_of(keep, options)], surroundings(options))
    return [event["seconds"] for event in step_events(keep) if event["step"] > WARM]


def step_events(keep: Path) -> Iterator[dict[str, Any]]:
    """What all ranks have written of their steps; a line that is not whole yet is left."""
    for path in keep.glob("rank-*.jsonl"):
        for line in path.read_text().splitlines(keepends=True):
            event = json.loads(line) if line.endswith("\n") else {"event": ""}
            if event["event"] == "step":
                yield event


def surroundings(options: argparse.Namespace) -> dict[str, str]:
    """As a user would have it; a CPU job needs its threads limited."""
    plain = {**os.environ, "PYTHONPATH": str(ROOT)}
    plain["PATH"] = f"{plain['PATH']}{os.pathsep}{Path(options.python).parent}"
    if plain.get("DS_ACCELERATOR") == "cpu":
        plain.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // options.gpus)))
    return plain


def finished(argv: Sequence[str], env: dict[str, str]) -> None:
    """Run it; it must end well."""
    done = subprocess.run(argv, env=env, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(argv)}\n{(done.stdout + done.stderr).decode()[-3000:]}")


def compare_steps(options: argparse.Namespace) -> None:
    """Print the ratio of step times."""
    ratios, noise = [], []
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder, "job")
        prepared(keep, options)
        for number in range(options.rounds):
            run = watched(Path(folder, f"run-{number}"))
            order = [run, [], []] if number % 2 else [[], run, []]
            got = [median(steps(keep, before, options)) for before in order]
            place = order.index(run)
            bare = [value for index, value in enumerate(got) if index != place]
            ratios.append(got[place] / (sum(bare) / 2))
            noise.append(max(bare) / min(bare))
            print(f"bare {bare[0] * 1e3:.2f} {bare[1] * 1e3:.2f} ms, "
                  f"run {got[place] * 1e3:.2f} ms a step", flush=True)  # fmt: skip
    print(f"ratio {median(ratios):.4f} of step times; two bare runs differ by {median(noise):.4f}")


def through_pipe(argv: Sequence[str]) -> float:
    """Seconds until all is read."""
    started = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=quiet()) as child:
        assert child.stdout is not None
        while child.stdout.read(1 << 20):
            pass
    return time.monotonic() - started


def through_terminal(argv: Sequence[str]) -> float:
    """The same where the reader is a terminal."""
    started = time.monotonic()
    pid, keys = pty.fork()
    if not pid:
        os.execvpe(argv[0], list(argv), quiet())
    try:
        while os.read(keys, 1 << 16):
            pass
    except OSError:
        pass
    os.close(keys)
    os.waitpid(pid, 0)
    return time.monotonic() - started


def quiet() -> dict[str, str]:
    """The environment with this checkout in it."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def compare_output(options: argparse.Namespace) -> None:
    """Print the times for many lines, and how they compare with those of the usual tools."""
    job = [sys.executable, "-c", PRINTER.format(options.lines)]
    with tempfile.TemporaryDirectory() as folder:
        log = shlex.quote(str(Path(folder, "log")))
        rivals = {
            through_pipe: ["sh", "-c", f"{shlex.join(job)} | tee {log}"],
            through_terminal: ["script", "-q", "-c", shlex.join(job), str(Path(folder, "typed"))],
        }
        for way, rival in rivals.items():
            took: dict[str, list[float]] = {"bare": [], "run": [], "rival": []}
            for number in range(options.rounds):
                target = Path(folder, f"{way.__name__}-{number}")
                took["bare"].append(way(job))
                took["run"].append(way([*watched(target), *job]))
                took["rival"].append(way(rival))
            bare, ours, theirs = (median(took[name]) for name in took)
            words = rival[0] if rival[0] != "sh" else "tee"
            print(f"{way.__name__}: bare {bare:.2f} s, dsdoctor run {ours:.2f} s, {words} "
                  f"{theirs:.2f} s; run to {words} {ours / theirs:.2f}")  # fmt: skip


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--gpus", type=int, default=2)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--lines", type=int, default=0)
    options = parser.parse_args()
    if options.lines:
        compare_output(options)
    else:
        compare_steps(options)


if __name__ == "__main__":
    main()
