"""Hostile text in every field, redacted first, as CI formats are by default."""

from __future__ import annotations

import pytest

from dsdoctor.cli.formats import NAMES, rendered
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report.near_places import with_near_places
from tests.unit.report.consumers import READERS
from tests.unit.report.hostile import HOSTILE, report_of

MOST = 300
"""Characters of the longest kinds: hundreds of fields hold them twice."""
SECRET = "hf" + "_" + "Zy8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE8d"


@pytest.mark.parametrize("kind", HOSTILE)
def test_redaction_does_not_wake_what_slept(kind: str) -> None:
    """A placeholder beside hostile text, and the format's consumer still reads it all."""
    hostile = HOSTILE[kind][:MOST]
    text = f"{hostile} /home/jdoe/x token={SECRET} {hostile}"
    report = Redactor().report(with_near_places(report_of(text)))
    for name in NAMES:
        out = rendered(report, name, verbose=True)
        assert SECRET not in out
        READERS[name](out)
