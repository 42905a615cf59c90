"""Small pieces of text that several renderers put together."""

from __future__ import annotations

from dsdoctor.model import Finding
from dsdoctor.report.lines import harmless


def clipped(text: str, limit: int) -> str:
    """At most ``limit`` characters; a cut is shown."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str, limit: int = 500) -> str:
    """``text`` without line breaks and control characters, cut to ``limit``."""
    # Cut first as well: spelling out the controls of a very long line is work for nothing.
    return clipped(harmless(" ".join(clipped(text, 4 * limit).split())), limit)


def line_count(finding: Finding) -> str:
    """``4 lines``."""
    return "1 line" if finding.count == 1 else f"{finding.count} lines"
