"""What two runs together prove about a fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsdoctor.smoke.result import SmokeResult

Slug = Literal[
    "reproduced-then-fixed",
    "not-reproduced",
    "still-failing",
    "fixed-but-something-else",
    "interrupted",
]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer as a slug and as a sentence."""

    slug: Slug
    sentence: str

    @property
    def proven(self) -> bool:
        """Does the fix do what it should?"""
        return self.slug == "reproduced-then-fixed"


def compare(before: SmokeResult, after: SmokeResult) -> Comparison:
    """The verdict on the fix that leads from ``before`` to ``after``."""
    if "interrupted" in (before.outcome, after.outcome):
        return Comparison("interrupted", "Interrupted: nothing is proven.")
    if before.passed:
        also = "" if after.passed else f" With the fix it {_word(after)}."
        return Comparison("not-reproduced", f"Not reproduced: it works without the fix.{also}")
    if after.passed:
        return Comparison("reproduced-then-fixed", "Reproduced, then fixed.")
    if _same(before, after):
        told = f" with {after.code}" if after.code else ""
        return Comparison("still-failing", f"Still failing{told}: the fix changes nothing.")
    now = f" ({after.code} instead of {before.code})" if before.code and after.code else ""
    return Comparison("fixed-but-something-else", f"Fixed, but something else{now}.")


def _same(before: SmokeResult, after: SmokeResult) -> bool:
    """Do both fail alike? Where no cause is known, the way they end decides."""
    if before.code or after.code:
        return before.code == after.code
    return before.outcome == after.outcome


def _word(result: SmokeResult) -> str:
    return "hangs" if result.outcome == "hung" else "fails"
