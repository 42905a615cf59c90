"""Every renderer, every field, every kind of hostile text."""

from __future__ import annotations

import io
import re

import pytest

from dsdoctor.cli.formats import NAMES, rendered
from dsdoctor.report.lines import print_styled
from dsdoctor.report.people import laid_out
from tests.unit.report.consumers import READERS, seen
from tests.unit.report.hostile import COMMANDS, HOSTILE, report_of


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(NAMES)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_does_nothing(name: str, kind: str) -> None:
    """It is shown, it does nothing, and the format's consumer reads the rest."""
    laid_out_by_command = name in ("text", "markdown")
    for command in COMMANDS if laid_out_by_command else COMMANDS[:1]:
        READERS[name](rendered(report_of(HOSTILE[kind], command), name, verbose=True))


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_does_nothing_on_a_terminal(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, rich's own colours are the only control sequences."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    print_styled(laid_out(report_of(HOSTILE[kind]), verbose=True), stream)
    shown = stream.getvalue()
    assert "\x1b[" in shown
    seen(re.sub(r"\x1b\[[0-9;]*m", "", shown))
