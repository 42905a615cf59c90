"""Failures and their fixes, each proved by ``dsdoctor smoke --before --after``.

Usage: python -m benchmarks.smoke_pairs [--only SLUG ...] [--device cpu|cuda] [--python PYTHON]

Prints a table of the pairs in tests/smoke/pairs.yaml that this machine can run, and exits with 1
if one of them does not end in "reproduced, then fixed".
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dsdoctor.job.syntax.merge import merge

PAIRS = Path(__file__).parent.parent / "tests" / "smoke" / "pairs.yaml"
PROVEN = "reproduced-then-fixed"
TIMEOUT = 900


@dataclass(frozen=True)
class Pair:
    """A configuration that fails, and the same with the fix.

    ``code`` is of what the log of the first must say; empty where only a check fails. ``device``
    empty: any. ``ranks`` are the fewest that show it.
    """

    slug: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    code: str
    options: tuple[str, ...] = ()
    device: str = ""
    long: bool = False
    ranks: int = 1

    def runs_on(self, device: str) -> bool:
        """Can it be tried on a CPU or a GPU?"""
        return self.device in ("", device)


def read_pairs(path: Path = PAIRS) -> list[Pair]:
    """All pairs of the file."""
    told = yaml.safe_load(path.read_text())
    return [_pair(item, told["base"]) for item in told["pairs"]]


def _pair(item: Mapping[str, Any], base: Mapping[str, Any]) -> Pair:
    before = merge(base, item["broken"])
    return Pair(
        item["slug"],
        before,
        merge(before, item["fix"]),
        item["code"],
        tuple(item.get("options", ())),
        item.get("device", ""),
        item.get("long", False),
        item.get("ranks", 1),
    )


def write(pair: Pair, folder: Path) -> list[str]:
    """Write both configurations to ``folder`` and return the options of ``dsdoctor smoke``."""
    for name, config in (("before", pair.before), ("after", pair.after)):
        text = json.dumps(config, indent=2).replace("{folder}", str(folder))
        (folder / f"{name}.json").write_text(text + "\n")
    files = ["--before", str(folder / "before.json"), "--after", str(folder / "after.json")]
    return [*files, *pair.options]


def smoke(pair: Pair, python: str, more: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON report on a pair."""
    with tempfile.TemporaryDirectory(prefix="dsdoctor-pair-") as folder:
        argv = [sys.executable, "-m", "dsdoctor", "smoke", *write(pair, Path(folder))]
        argv += ["--format", "json", "--python", python, *more]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    if not done.stdout:
        raise SystemExit(f"{pair.slug}: {done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def told(pair: Pair, report: Mapping[str, Any], seconds: float) -> str:
    """A row of the table."""
    found = report["smoke"]
    before, after = found["comparison"]["before"], found["comparison"]["after"]
    why = before["code"] or before["reason"] or before["outcome"]
    then = after["code"] or after["reason"] or after["outcome"]
    cells = [pair.slug, why, found["outcome"], then, f"{seconds:.0f} s"]
    return f"| {' | '.join(cells)} |"


def right(pair: Pair, report: Mapping[str, Any]) -> bool:
    """Did the broken one fail for the reason given, and the other pass?"""
    found = report["smoke"]
    return bool(
        found["outcome"] == PROVEN and (found["comparison"]["before"]["code"] or "") == pair.code
    )


def main() -> int:
    """Run the pairs of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="SLUG")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    pairs = [one for one in read_pairs() if one.runs_on(options.device)]
    print("| pair | before | together | after | time |\n|---|---|---|---|---|")
    wrong = 0
    for pair in pairs:
        if options.only and pair.slug not in options.only:
            continue
        started = time.monotonic()
        report = smoke(pair, options.python)
        print(told(pair, report, time.monotonic() - started), flush=True)
        wrong += not right(pair, report)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
