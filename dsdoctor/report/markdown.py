"""Markdown for a pull request or a job summary: verdict, evidence, fix; the rest folded away.

It fits into one comment. Blocks go in whole or not at all, so that a cut never leaves a fence or
a fold open.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from dsdoctor import __version__
from dsdoctor.model import Report, Severity, Status
from dsdoctor.report.ci_commands import disarmed
from dsdoctor.report.folding import FAILED, Folded, folded
from dsdoctor.report.lines import as_plain
from dsdoctor.report.markdown_finding import finding_blocks, finding_item, name_of
from dsdoctor.report.markdown_text import fence, folded_away, prose
from dsdoctor.report.people import laid_out

LIMIT = 65_000
"""GitHub takes 65,536 characters in a comment."""
RESERVE = 300
"""Kept for the last lines."""
MAX_OPEN = 5
"""Findings told in full; there is a line for each of the others."""
MAX_LIST = 20_000
"""Characters of these lines."""
MAX_OPENED = 38_000
"""Characters of those that are told in full; each has its share."""
MAX_NOTES = 4_000


def render(report: Report, limit: int = LIMIT) -> str:
    """The comment, of at most ``limit`` characters."""
    items = folded(report)
    opened = [item for item in items if item.finding.severity is not Severity.INFO][:MAX_OPEN]
    page = Page(limit - RESERVE)
    page.add(_heading(report))
    for item in opened:
        named = not (_is_named(report) and item.finding is report.verdict.root)
        page.add_all(finding_blocks(item, named=named), MAX_OPENED // len(opened))
    numbers = set(map(id, opened))
    page.add(_others([item for item in items if id(item) not in numbers]))
    page.add_all((f"> note: {prose(note, 500)}" for note in report.coverage.notes), MAX_NOTES)
    page.add(_whole(report, page.room))
    short = " · shortened to fit" if page.left_out else ""
    return "\n\n".join([*page.blocks, f"<sub>dsdoctor {__version__}{short}</sub>"]) + "\n"


class Page:
    """Blocks that fit into a number of characters."""

    def __init__(self, room: int) -> None:
        self.blocks: list[str] = []
        self.room = room
        self.left_out = False

    def add(self, block: str) -> None:
        """Put ``block`` at the end if there is room for it."""
        safe = disarmed(block)
        if len(safe) + 2 > self.room:
            self.left_out = True
        elif safe:
            self.blocks.append(safe)
            self.room -= len(safe) + 2

    def add_all(self, blocks: Iterable[str], most: int) -> None:
        """Put those of ``blocks`` at the end that need no more than ``most`` characters."""
        kept = max(0, self.room - most)
        self.room -= kept
        for block in blocks:
            self.add(block)
        self.room += kept


def _heading(report: Report) -> str:
    """Of a dead job the name of its cause; of a check how many problems there are."""
    root = report.verdict.root
    named = name_of(root) if root and _is_named(report) else prose(report.verdict.summary, 300)
    return f"### {_sign(report)} dsdoctor {report.command}: {named}"


def _is_named(report: Report) -> bool:
    """Does the heading name the root?"""
    return report.command == "explain" and report.verdict.root is not None


def _sign(report: Report) -> str:
    if report.verdict.status in FAILED:
        return "❌"
    return "❔" if report.verdict.status is Status.INCONCLUSIVE else "✅"


def _others(items: list[Folded]) -> str:
    """One line each, as many as there is room for."""
    lines = [finding_item(item.finding) for item in items[: MAX_LIST // 20]]
    ends = accumulate(len(line) + 1 for line in lines)
    shown = lines[: sum(end <= MAX_LIST for end in ends)]
    if more := len(items) - len(shown):
        shown.append(f"- and {more} more")
    return folded_away(f"{len(items)} more", "\n".join(shown)) if items else ""


def _whole(report: Report, room: int) -> str:
    """The report as the terminal shows it, as many lines of it as there is room for."""
    lines: list[str] = []
    for line in as_plain(laid_out(report, verbose=True)).splitlines():
        room -= min(len(line), 400) + 2
        if room < RESERVE:
            lines.append("…")
            break
        lines.append(line)
    return folded_away("The whole report", fence(lines)) if lines else ""
