"""Scores `dsdoctor explain` on labelled logs: cause right, line right, healthy logs silent.

Usage: python benchmarks/evaluate.py [--corpus ../shared/corpus] [--tolerance 3]

A labelled set is a folder with ``labels.yaml``: a list of entries with ``file``, ``category``,
``accept`` (regexes of which one must match the root finding, lower-cased), ``root_line`` and
``provenance``. The tool is given the text alone, under a neutral name.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.model import Finding, Origin, Report, Severity

HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Score:
    """How one log was judged."""

    name: str
    category: str
    provenance: str
    cause: bool
    line: bool
    said: str

    @property
    def right(self) -> bool:
        """Both the cause and the line; a healthy log has no line."""
        return self.cause and (self.line or self.category == HEALTHY)


def scores(corpus: Path, tolerance: int) -> Iterator[Score]:
    """Judge every log of a labelled set."""
    pack = load_pack()
    matcher = Matcher(pack)
    for label in yaml.safe_load((corpus / "labels.yaml").read_text()):
        report = report_of((corpus / label["file"]).read_bytes(), matcher, pack)
        yield _score(label, report, tolerance)


def report_of(log: bytes, matcher: Matcher, pack: Pack) -> Report:
    """Explain a log by its text alone."""
    reader = LogReader(matcher, "job.log", Origin(), 2026)
    return explain(Material([reader.read(io.BytesIO(log).read, lambda _: None)]), pack)


def _score(label: dict[str, Any], report: Report, tolerance: int) -> Score:
    root = report.verdict.root
    if label["category"] == HEALTHY:
        loud = [item for item in report.findings if item.severity.level >= Severity.WARNING.level]
        cause, line = not loud, True
    else:
        cause, line = _accepted(label, root), _near(label, root, tolerance)
    said = f"{root.code} {root.slug}: {root.message[:80]}" if root else report.verdict.status.value
    return Score(label["file"], label["category"], label["provenance"], cause, line, said)


def _accepted(label: dict[str, Any], root: Finding | None) -> bool:
    if root is None:
        return False
    text = " ".join((root.code, root.slug, root.title, root.message, root.why)).lower()
    return any(re.search(regex, text) for regex in label["accept"])


def _near(label: dict[str, Any], root: Finding | None, tolerance: int) -> bool:
    lines = [item.line for item in root.evidence] if root else []
    return any(abs(line - label["root_line"]) <= tolerance for line in lines)


def table(results: list[Score]) -> str:
    """The figures, and the misses by name."""
    rows = ["| provenance | logs | cause right | line right | both |", "|---|---|---|---|---|"]
    for provenance, total in sorted(Counter(item.provenance for item in results).items()):
        rows.append(_row(provenance, total, [i for i in results if i.provenance == provenance]))
    rows.append(_row("all", len(results), results))
    misses = [
        f"{item.name} {item.category} cause={item.cause} line={item.line} said: {item.said}"
        for item in results
        if not item.right
    ]
    return "\n".join([*rows, "", f"misses: {len(misses)}", *misses])


def _row(name: str, total: int, results: list[Score]) -> str:
    cause, line = sum(i.cause for i in results), sum(i.line for i in results)
    both = sum(i.right for i in results)
    return f"| {name} | {total} | {cause} | {line} | {both} ({100 * both / total:.1f} %) |"


def main() -> int:
    """Print the table; exit with 1 below 95 %."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--tolerance", type=int, default=3)
    parser.add_argument("-v", "--verbose", action="store_true", help="print every log's verdict")
    options = parser.parse_args()
    if not (options.corpus / "labels.yaml").is_file():
        print(f"no labelled logs at {options.corpus}", file=sys.stderr)
        return 2
    results = list(scores(options.corpus, options.tolerance))
    print(table(results))
    if options.verbose:
        print("\n".join(f"{i.name} {i.right} {i.category}: {i.said}" for i in results))
    return 0 if sum(i.right for i in results) >= 0.95 * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
