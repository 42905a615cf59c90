"""``python -m tests.fuzz.pumping [TARGET...]``: long forms of the seeds, in search of hangs.

It needs no atheris and watches nothing, so it is fast enough for inputs of 64 kB.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from contextlib import suppress

from dsdoctor.errors import DsDoctorError
from tests.fuzz.guard import MAX_INPUT
from tests.fuzz.registry import MODULES, target
from tests.fuzz.target import Target

WIDTHS = (1, 1, 2, 3, 5, 8, 13, 24, 40, 100)


def slowest(chosen: Target, seconds: float, chance: random.Random) -> tuple[float, bytes]:
    """The slowest of as many long inputs as fit into ``seconds``."""
    seeds, end = list(chosen.seeds()), time.monotonic() + seconds
    worst = (0.0, b"")
    while time.monotonic() < end:
        data = long_form(mixed(seeds, chance), chance)
        worst = max(worst, (seconds_of(chosen, data), data))
    return worst


def mixed(seeds: list[bytes], chance: random.Random) -> bytes:
    """A seed with pieces of others in it, or nothing but decisions."""
    if chance.random() < 0.4:
        return b"\1" + chance.randbytes(chance.randrange(4, 120))
    data = chance.choice(seeds)[:512]
    for _ in range(chance.randrange(3)):
        other, at = chance.choice(seeds), chance.randrange(len(data) + 1)
        start = chance.randrange(len(other) + 1)
        data = data[:at] + other[start : start + chance.randrange(60)] + data[at:]
    return data or b"\1"


def long_form(data: bytes, chance: random.Random) -> bytes:
    """``data`` with one piece repeated up to the limit."""
    start, width = chance.randrange(len(data)), chance.choice(WIDTHS)
    piece = data[start : start + width]
    times = max(1, (MAX_INPUT - len(data)) // len(piece))
    return data[:start] + piece * times + data[start + width :]


def seconds_of(chosen: Target, data: bytes) -> float:
    """The processor time that an input takes."""
    started = time.process_time()
    with suppress(DsDoctorError):
        chosen.run(data)
    return time.process_time() - started


def main() -> int:
    """Print the slowest input of each target."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.pumping")
    parser.add_argument("targets", nargs="*", default=list(MODULES), metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name in given.targets:
        spent, data = slowest(target(name), given.seconds, random.Random(given.seed))  # noqa: S311
        sys.stdout.write(f"{name:<12} {spent:.3f} s  {len(data)} bytes: {data[:100]!r}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
