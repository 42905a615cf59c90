"""Untrusted text in Markdown: prose that stays prose, and code that stays code.

GitHub and GitLab look for mentions, references and links in what Markdown leaves, so a backslash
does not hold these off; an invisible space behind their first sign does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dsdoctor.report.lines import harmless
from dsdoctor.report.wording import clipped, one_line

BREAK = "\u200b"
_MEANT = re.compile(r"([\\`*_\[\]<>|~$&{}])")
_REFERENCE = re.compile(r"(@(?=\S)|[#!](?=\d)|[%~$&](?=[\w\"\\]))")
_LINK = re.compile(r"(?i)(:)(?=//)|(www)(?=\.)|(\bGH)(?=-\d)|(mailto|xmpp)(?=:)")
_AT_START = re.compile(r"^(?=[-+=#/:])")
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)])")
_TICKS = re.compile("`+")


def prose(text: str, limit: int = 2000) -> str:
    """One paragraph that shows ``text`` and does nothing."""
    shown = _MEANT.sub(r"\\\1", one_line(text, limit))
    shown = _REFERENCE.sub(rf"\1{BREAK}", shown)
    shown = _LINK.sub(lambda found: found[0] + BREAK, shown)
    return _NUMBERED.sub(r"\1\\", _AT_START.sub(r"\\", shown))


def code_span(text: str, limit: int = 400) -> str:
    """``text`` as code within a line."""
    shown = one_line(text, limit)
    ticks = "`" * (_longest(shown) + 1)
    pad = " " if "`" in (shown[:1], shown[-1:]) else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}" if shown else ""


def fence(lines: Iterable[str], language: str = "text", width: int = 400) -> str:
    """A block of code that no line of it can leave."""
    shown = [clipped(harmless(clipped(line, width)), width) for line in lines]
    ticks = "`" * max(3, max(map(_longest, shown), default=0) + 1)
    return "\n".join([ticks + language, *shown, ticks])


def folded_away(summary: str, body: str) -> str:
    """Details that a click opens. ``summary`` is dsdoctor's own text."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _longest(text: str) -> int:
    """The longest run of backticks."""
    return max(map(len, _TICKS.findall(text)), default=0)
