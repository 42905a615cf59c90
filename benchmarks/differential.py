"""lint against DeepSpeed itself, on many generated configurations.

Usage: python -m benchmarks.differential [--count 20000] [--seed 1] [--python VENV/bin/python]

The judge is the DeepSpeed of ``--python``, whatever its version; lint runs here and is told that
version. ``tests/differential`` says how both are asked and what the figures mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from dsdoctor.knowledge.pack import load_pack
from tests.differential.comparison import Comparison
from tests.differential.opinion import Doctor
from tests.differential.oracle import Bench
from tests.differential.tables import disagreements, figures
from tests.differential.trial import plain_trial, trainer_trial


def main() -> None:
    """Run the trial and print what came of it."""
    options = arguments()
    started = time.monotonic()
    kernels = ("--native",) if options.native else ()
    with Bench(options.python, options.judges, *kernels) as bench:
        doctor = Doctor(load_pack(), bench.versions["deepspeed"])
        print(f"judge: {bench.versions}, seed {options.seed}")
        plain = plain_trial(
            bench, doctor, count=options.count, seed=options.seed, every=options.every
        )
        tell("plain initialize", plain, options)
        if options.trainer:
            trial = trainer_trial(bench, doctor, count=options.trainer, seed=options.seed)
            tell("Trainer", trial, options)
    print(f"\n{time.monotonic() - started:.0f} s")


def tell(name: str, comparison: Comparison, options: argparse.Namespace) -> None:
    """The figures on the screen, the disagreements there or in a file."""
    print(figures(name, comparison))
    lines = list(disagreements(comparison, limit=options.limit, text=options.out is not None))
    if options.out is None:
        print("\n".join(lines))
        return
    with options.out.open("a", encoding="utf-8") as out:
        out.write("\n".join((f"# {figures(name, comparison)}", *lines, "")))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000, help="configurations")
    parser.add_argument(
        "--trainer", type=int, default=500, help="those for the Trainer, 0 for none"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=2, help="train every so-manieth")
    parser.add_argument("--judges", type=int, default=2, help="processes")
    parser.add_argument("--python", default=sys.executable, help="the Python that has DeepSpeed")
    parser.add_argument("--native", action="store_true", help="compile DeepSpeed's kernels")
    parser.add_argument("--limit", type=int, default=100, help="kinds of disagreement to show")
    parser.add_argument("--out", type=Path, help="append the disagreements to this file, with text")
    return parser.parse_args()


if __name__ == "__main__":
    main()
