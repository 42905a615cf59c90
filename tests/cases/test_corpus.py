"""The labelled logs beside the repository, where they are present."""

from __future__ import annotations

import pytest

from benchmarks.evaluate import HEALTHY, scores, table
from tests.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "labels.yaml").is_file(), reason="no labelled logs at ../shared")
def test_at_least_95_percent_are_right_and_no_healthy_log_is_accused() -> None:
    results = list(scores(CORPUS, tolerance=3))
    assert sum(item.right for item in results) >= 0.95 * len(results), table(results)
    assert all(item.right for item in results if item.category == HEALTHY), table(results)
