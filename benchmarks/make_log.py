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
    """All healthy captured logs, one after the other: what a long job's log is made of."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*/job.log")))


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
