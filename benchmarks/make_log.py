"""Makes a large job log of real lines: training noise, then one captured failure at the end.

Usage: python benchmarks/make_log.py MEGABYTES OUT
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

HEALTHY = Path(__file__).parent.parent / "fixtures" / "healthy"
FAILED = Path(__file__).parent.parent / "fixtures" / "cases" / "batch-triangle" / "job.log"


def noise(folder: Path) -> bytes:
    """What the healthy captures said between start and end, one after the other.

    The launcher's lines are left out, since a job starts and ends once, however long its log; so
    are the captures with caught exceptions, which no job prints every few lines.
    """
    logs = [path.read_bytes() for path in sorted(folder.glob("*/job.log"))]
    calm = [log for log in logs if b"Traceback" not in log]
    lines = (line for log in calm for line in log.splitlines(keepends=True))
    return b"".join(line for line in lines if b"[launch.py:" not in line)


def blocks(megabytes: int) -> Iterator[bytes]:
    """Noise up to the size asked for, then the failure."""
    block = noise(HEALTHY)
    for _ in range(max(1, megabytes * 1_000_000 // len(block))):
        yield block
    yield FAILED.read_bytes()


def main() -> None:
    """Write the log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("megabytes", type=int)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    with options.out.open("wb") as out:
        out.writelines(blocks(options.megabytes))


if __name__ == "__main__":
    main()
