"""What two runs prove about a fix."""

from __future__ import annotations

import pytest

from dsdoctor.smoke.compare import compare
from dsdoctor.smoke.result import SmokeResult
from tests.unit.smoke.runs import result

GOOD = result()
OOM, TRIANGLE = result("failed", "DSM001"), result("failed", "DSC001")


@pytest.mark.parametrize(
    ("before", "after", "slug"),
    [
        (OOM, GOOD, "reproduced-then-fixed"),
        (result("hung"), GOOD, "reproduced-then-fixed"),
        (GOOD, GOOD, "not-reproduced"),
        (GOOD, OOM, "not-reproduced"),
        (OOM, OOM, "still-failing"),
        (result("failed"), result("failed"), "still-failing"),
        (OOM, TRIANGLE, "fixed-but-something-else"),
        (OOM, result("hung"), "fixed-but-something-else"),
        (result("failed"), result("hung"), "fixed-but-something-else"),
        (OOM, result("interrupted"), "interrupted"),
    ],
)
def test_verdicts(before: SmokeResult, after: SmokeResult, slug: str) -> None:
    found = compare(before, after)
    assert (found.slug, found.proven) == (slug, slug == "reproduced-then-fixed")


def test_sentences_name_the_codes() -> None:
    assert compare(OOM, GOOD).sentence == "Reproduced, then fixed."
    assert "DSC001 instead of DSM001" in compare(OOM, TRIANGLE).sentence
    assert "DSM001" in compare(OOM, OOM).sentence
    assert compare(GOOD, OOM).sentence.endswith("With the fix it fails.")
