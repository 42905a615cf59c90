"""Blocks of code: lines of a log or a configuration, diffs, and what is there to copy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dsdoctor.report.html_markup import Markup, el, hidden, joined
from dsdoctor.report.wording import clipped

BREAK = Markup("\n")
MAX_LINE = 1_200
MAX_AROUND = 180
"""Characters of a line that is there for its neighbours."""
MAX_CODE = 400
"""Lines of one block to copy."""
_FIGURE = re.compile(r"\w[\w./:-]*")
_KIND = {"+": "added", "-": "removed", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class CodeLine:
    """``number`` is 0 where there is none; the line is evidence where it is ``marked``.

    One that is neither stands for lines left out.
    """

    number: int
    text: str
    marked: bool = False


def numbered(lines: Sequence[CodeLine], label: str, message: str = "") -> Markup:
    """Lines with their numbers. What ``message`` repeats of a marked one stands out in it."""
    figures = _figures(message)
    rows = joined(_row(line, figures) for line in lines)
    return el("pre", el("code", rows), tabindex="0", role="region", aria_label=label)


def to_copy(lines: Iterable[str], label: str) -> Markup:
    """Something to paste. The script adds a button to it."""
    kept = list(lines)
    if len(kept) > MAX_CODE:
        kept = [*kept[:MAX_CODE], "…"]
    body = joined((clipped(line, 4 * MAX_LINE), BREAK) for line in kept)
    pre = el("pre", el("code", body), tabindex="0", role="region", aria_label=label)
    return el("div", pre, class_="copy", data_label=label)


def diff(lines: Iterable[str], label: str) -> Markup:
    """A unified diff; signs and colours tell what changes."""
    rows = joined(
        el("span", _of_diff(line), class_=f"row {_KIND.get(line[:1], '')}".strip())
        for line in list(lines)[: 10 * MAX_CODE]
    )
    pre = el("pre", el("code", rows), tabindex="0", role="region", aria_label=label)
    return el("div", pre, class_="copy diff", data_label=label)


def _of_diff(line: str) -> Markup:
    return joined(clipped(line, MAX_LINE), BREAK)


def _row(line: CodeLine, figures: re.Pattern[str] | None) -> Markup:
    number = el("span", str(line.number) if line.number else "", class_="number")
    if not line.number and not line.marked:
        return el("span", el("span", "⋮", class_="number"), BREAK, class_="row")
    if not line.marked:
        return el("span", number, clipped(line.text, MAX_AROUND), BREAK, class_="row")
    text = clipped(line.text, MAX_LINE)
    shown = el("mark", hidden("evidence: "), _with_figures(text, figures))
    return el("span", number, shown, BREAK, class_="row marked")


def _figures(message: str) -> re.Pattern[str] | None:
    """Finds the numbers and names with a digit that a message has from a line."""
    words = (word.rstrip(".:-/") for word in _FIGURE.findall(clipped(message, 2_000)))
    told = (word for word in words if len(word) > 1 and any(map(str.isdigit, word)))
    long_first = sorted(list(dict.fromkeys(told))[:20], key=len, reverse=True)
    if not long_first:
        return None
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, long_first))})(?![\w])")


def _with_figures(text: str, figures: re.Pattern[str] | None) -> Markup:
    if figures is None:
        return joined(text)
    pieces: list[str] = []
    end = 0
    for match in figures.finditer(text):
        pieces += [text[end : match.start()], el("b", match[0])]
        end = match.end()
    return joined(*pieces, text[end:])
