"""The table of ``dsdoctor smoke --matrix --format json`` reports for docs/smoke.md.

Usage: python -m tools.matrix_table REPORT.json ...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

WARM = 2
"""Steps at the start that take longer."""
MIB = 1 << 20
HEAD = ("variant", "outcome", "step", "GPU memory, reserved", "host memory", "pinned")


def rows(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for each variant that ran; the worst rank counts."""
    for variant in report["smoke"]["variants"]:
        if variant["outcome"] == "skipped":
            continue
        ranks = variant["ranks"]
        seconds = [median(rank["seconds"][WARM:] or rank["seconds"]) for rank in ranks]
        step = f"{1000 * max(seconds):.0f} ms" if seconds else ""
        memory = [_most(ranks, name) for name in ("gpu_reserved", "host_rss", "host_pinned")]
        yield (f"`{variant['name']}`", variant["outcome"], step, *memory)


def skipped(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each reason, with the variants that it kept from running."""
    reasons: dict[str, list[str]] = {}
    for variant in report["smoke"]["variants"]:
        if variant["outcome"] == "skipped":
            reasons.setdefault(variant["reason"], []).append(f"`{variant['name']}`")
    for reason, names in reasons.items():
        yield f"- {', '.join(names)}: {reason}"


def _most(ranks: list[Mapping[str, Any]], name: str) -> str:
    sizes = [size for rank in ranks if (size := rank["memory"].get(name)) is not None]
    return f"{max(sizes) / MIB:.0f} MiB" if sizes else ""


def main() -> None:
    """Print the tables of the reports named."""
    reports = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for report in reports:
        for row in rows(report):
            print(f"| {' | '.join(row)} |")
    print()
    for report in reports:
        print("\n".join(skipped(report)))


if __name__ == "__main__":
    main()
