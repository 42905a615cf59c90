"""What came of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsdoctor.model import Report
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.records import RankRecord

Outcome = Literal["passed", "failed", "hung", "refused", "interrupted"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. ``detail`` says by what numbers it does or does not."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """One run from its plan to its end.

    ``reason`` is why it did not pass, in one sentence. ``report`` is what its own log says, where
    somebody looked. ``log`` is the log's path where it was kept.
    """

    outcome: Outcome
    plan: Plan | None = None
    ranks: tuple[RankRecord, ...] = ()
    checks: tuple[Check, ...] = ()
    changes: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    report: Report | None = None
    log: str = ""
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Did all that must hold?"""
        return self.outcome == "passed"

    @property
    def code(self) -> str:
        """The code of what killed it, if that is known."""
        root = self.report.verdict.root if self.report else None
        return root.code if root else ""
