"""Sets what lint says against what DeepSpeed does.

Recall: of the configurations at which DeepSpeed raises, the share for which lint has an error.
Precision: of those for which lint has an error, the share at which DeepSpeed raises, or provably
ignores every key that lint names, or does something else than the key says (reviewed.yaml).

Which configurations are trained and not only read is decided by their number, so that recall is
measured on a fair sample; those with an error of lint are trained besides, for precision alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.differential.generator.cases import Case
from tests.differential.generator.trainer import TrainerCase
from tests.differential.opinion import Opinion, Said
from tests.differential.oracle import Answer
from tests.differential.reviewed import Reviewed


@dataclass(slots=True)
class Result:
    """One configuration after both have seen it.

    ``trained`` says that the judge went beyond reading; ``sampled`` that it would have done so
    whatever lint says. ``ignored`` holds the keys that make no difference.
    """

    case: Case | TrainerCase
    opinion: Opinion
    answer: Answer
    sampled: bool = False
    trained: bool = False
    ignored: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    right: int
    all: int

    @property
    def value(self) -> float:
        """1.0 where there is nothing to be wrong about."""
        return self.right / self.all if self.all else 1.0

    def __str__(self) -> str:
        return f"{self.value:.2%} ({self.right} of {self.all})"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Cases of one kind, the simplest one first."""

    kind: str
    name: str
    results: tuple[Result, ...]


class Comparison:
    """The figures, and what remains between lint and DeepSpeed."""

    def __init__(self, results: Iterable[Result], reviewed: Reviewed) -> None:
        self.reviewed = reviewed
        self.results = list(results)
        self.decided = [item for item in self.results if not self._undecided(item)]

    def _undecided(self, result: Result) -> bool:
        return result.answer.lost or self.reviewed.blames_machine(result.answer)

    @property
    def lost(self) -> list[Result]:
        """Those at which the judge hung or died."""
        return [item for item in self.results if item.answer.lost]

    @property
    def crashes(self) -> list[Result]:
        """Those at which lint failed."""
        return [item for item in self.results if item.opinion.crash]

    def recall(self, stage: str = "") -> Share:
        """Of all failures, or of those at one stage."""
        failing = [item for item in self._failing() if stage in ("", item.answer.stage)]
        return Share(sum(item.opinion.wrong for item in failing), len(failing))

    def _failing(self) -> list[Result]:
        return [
            item
            for item in self.decided
            if item.answer.raised and (item.sampled or not item.trained)
        ]

    def precision(self, changes: int | None = None) -> Share:
        """Of all errors, or of those in configurations with so many mistakes."""
        wrong = [
            item
            for item in self.decided
            if item.opinion.wrong and (changes is None or len(item.case.changes) == changes)
        ]
        return Share(sum(not self._baseless(item) for item in wrong), len(wrong))

    def _baseless(self, result: Result) -> list[Said]:
        """Errors of lint that nothing bears out."""
        if result.answer.raised:
            return []
        return [
            said
            for said in result.opinion.errors
            if said.key not in result.ignored and not self.reviewed.justifies(said)
        ]

    def missed(self) -> list[Disagreement]:
        """Failures that lint did not foresee, by exception."""
        groups: dict[str, list[Result]] = defaultdict(list)
        for item in self._failing():
            if not item.opinion.wrong:
                answer = item.answer
                words = generic(answer.message)
                groups[f"{answer.stage}: {answer.exception}: {words}"].append(item)
        return _sorted("missed", groups)

    def undecided(self) -> list[Disagreement]:
        """Those at which the judge's machine stopped DeepSpeed, by exception."""
        groups: dict[str, list[Result]] = defaultdict(list)
        for item in self.results:
            if not item.answer.lost and self._undecided(item):
                groups[f"{item.answer.exception}: {generic(item.answer.message)}"].append(item)
        return _sorted("undecided", groups)

    def baseless(self) -> list[Disagreement]:
        """Errors of lint at which DeepSpeed trains and reads the key, by rule and key."""
        groups: dict[str, list[Result]] = defaultdict(list)
        for item in self.decided:
            for said in self._baseless(item):
                groups[f"{said.code}: {said.key}: {generic(said.message)}"].append(item)
        return _sorted("baseless", groups)


def generic(message: str) -> str:
    """A message without what differs from case to case."""
    line = message.strip().split("\n")[0]
    return re.sub(r"-?\b\d+(\.\d+)?(e[+-]?\d+)?\b", "N", line)[:140]


def _sorted(kind: str, groups: dict[str, list[Result]]) -> list[Disagreement]:
    """The largest group first."""
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [Disagreement(kind, name, _simplest_first(found)) for name, found in ordered]


def _simplest_first(results: Sequence[Result]) -> tuple[Result, ...]:
    return tuple(sorted(results, key=lambda item: (len(item.case.changes), len(item.case.text))))
