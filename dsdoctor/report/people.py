"""Which layout a person gets for the report of which command."""

from __future__ import annotations

from dsdoctor.model import Report
from dsdoctor.report import findings_text, preflight_text, text
from dsdoctor.report.lines import StyledLine


def laid_out(report: Report, width: int = 100, *, verbose: bool = False) -> list[StyledLine]:
    """The report as text for people.

    The layout of ``smoke`` is loaded when it is needed: the others must start in a blink.
    """
    if report.command == "smoke":
        from dsdoctor.report import smoke_text

        return smoke_text.render(report, width, verbose=verbose)
    renderers = {"lint": findings_text.render, "preflight": preflight_text.render}
    render = renderers.get(report.command, text.render)
    return render(report, width, verbose=verbose)
