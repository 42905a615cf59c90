"""Labelled logs, and what any tool answered to them, judged alike; see `benchmarks.nvrx`."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.evaluate import HEALTHY, Score

FIXTURES = Path(__file__).parent.parent / "fixtures"
HEADS = (
    "set",
    "tool",
    "logs",
    "cause right",
    "line right",
    "both right",
    "guilty rank named",
    "wrong rank claimed",
    "no answer",
    "healthy accused",
    "median seconds",
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A log and what is known about it; no ``guilty`` rank where none is at fault or known."""

    path: Path
    name: str
    group: str
    category: str
    accept: tuple[str, ...]
    root_line: int
    guilty: frozenset[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool said: its words, the lines and the ranks that it points at."""

    verdict: str
    words: str = ""
    lines: tuple[int, ...] = ()
    ranks: frozenset[int] = frozenset()
    accuses: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer held against the label."""

    log: Labelled
    answer: Answer
    score: Score

    @property
    def wrong_rank(self) -> bool:
        """A rank is blamed that is not guilty, though the label knows who is."""
        return bool(self.log.guilty) and not self.answer.ranks <= self.log.guilty

    @property
    def guilty_named(self) -> bool:
        """Only guilty ranks are blamed."""
        return bool(self.answer.ranks) and not self.wrong_rank


Tool = Callable[[Path], Answer]


def captured(kind: str) -> Iterator[Labelled]:
    """The fixtures that are a single file."""
    for path in sorted((FIXTURES / kind).glob("*/meta.yaml")):
        if {item.name for item in path.parent.iterdir()} == {"job.log", "meta.yaml"}:
            meta = yaml.safe_load(path.read_text())
            yield _labelled(path.with_name("job.log"), meta["slug"], "captured", meta)


def corpus(folder: Path) -> Iterator[Labelled]:
    """The logs of a labelled set, by provenance; none if it is not there."""
    labels = folder / "labels.yaml"
    for label in yaml.safe_load(labels.read_text()) if labels.is_file() else []:
        yield _labelled(folder / label["file"], label["file"], label["provenance"], label)


def _labelled(path: Path, name: str, group: str, label: dict[str, Any]) -> Labelled:
    rank, category = label.get("root_rank"), label["category"]
    guilty = frozenset({rank} if isinstance(rank, int) else rank or ())
    accept, line = tuple(label.get("accept") or ()), label.get("root_line") or 0
    group = HEALTHY if category == HEALTHY else group
    return Labelled(path, name, group, category, accept, line, guilty)


def judge(log: Labelled, answer: Answer, tolerance: int) -> Judged:
    """Cause and line as `benchmarks.evaluate` judges them, from what the tool said."""
    if log.category == HEALTHY:
        cause, line = not answer.accuses, True
    else:
        cause = any(re.search(regex, answer.words.lower()) for regex in log.accept)
        line = any(abs(item - log.root_line) <= tolerance for item in answer.lines)
    said = f"{answer.verdict}: {answer.words[:80]}"
    return Judged(log, answer, Score(log.name, log.category, log.group, cause, line, said))


def table(results: dict[str, list[Judged]]) -> str:
    """One line for each group of logs and each tool."""
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    groups = dict.fromkeys(item.log.group for judged in results.values() for item in judged)
    for group in groups:
        for tool, judged in results.items():
            cells = _row([item for item in judged if item.log.group == group])
            lines.append("| " + " | ".join((group, tool, *cells)) + " |")
    return "\n".join(lines)


def _row(results: list[Judged]) -> list[str]:
    total, right = len(results), sum(item.score.right for item in results)
    seconds = f"{statistics.median(item.answer.seconds for item in results):.2f}"
    if results[0].log.category == HEALTHY:
        return [str(total), *["–"] * 6, f"{total - right} of {total}", seconds]
    alone = [item for item in results if len(item.log.guilty) == 1]
    known = any(item.log.guilty for item in results)
    return [
        str(total),
        str(sum(item.score.cause for item in results)),
        str(sum(item.score.line for item in results)),
        f"{right} ({100 * right / total:.1f} %)",
        f"{sum(item.guilty_named for item in alone)} of {len(alone)}" if alone else "–",
        str(sum(item.wrong_rank for item in results)) if known else "–",
        str(sum(not item.answer.words for item in results)),
        "–",
        seconds,
    ]
