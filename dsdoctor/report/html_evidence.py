"""Evidence in its context: the lines around it where they could be read, else the line itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Evidence, Excerpt, Finding
from dsdoctor.report.html_code import CodeLine, numbered
from dsdoctor.report.html_markup import Markup, el, joined

MAX_EVIDENCE = 12
BEFORE, AFTER = 4, 2


def evidence_of(finding: Finding, excerpts: Sequence[Excerpt]) -> Markup:
    """All places that prove the finding, each once."""
    shown = list({(item.file, item.line, item.text): item for item in finding.evidence}.values())
    left = shown[:MAX_EVIDENCE]
    figures: list[Markup] = []
    while left:
        item = left[0]
        around = next((one for one in excerpts if _holds(one, item)), None)
        together = [one for one in left if around and _holds(around, one)] or _alike(left)
        left = [one for one in left if one not in together]
        figures.append(_figure(finding, together, around))
    if more := len(shown) - MAX_EVIDENCE:
        figures += [el("p", f"and {more} more", class_="muted")] if more > 0 else []
    return joined(figures)


def place(file: str, line: int) -> Markup:
    """``job.log:63``."""
    return el("code", f"{file}:{line}" if line else file, class_="place")


def _holds(excerpt: Excerpt, item: Evidence) -> bool:
    last = excerpt.first + len(excerpt.lines)
    return item.line > 0 and excerpt.file == item.file and excerpt.first <= item.line < last


def _alike(items: Sequence[Evidence]) -> list[Evidence]:
    """The first of ``items`` with those that follow from the same file."""
    kept: list[Evidence] = []
    for item in items:
        if item.file != items[0].file:
            break
        kept.append(item)
    return kept


def _figure(finding: Finding, items: Sequence[Evidence], around: Excerpt | None) -> Markup:
    first = min(items, key=lambda item: item.line)
    lines = list(_in_context(around, items) if around else _alone(items))
    keys = ", ".join(dict.fromkeys(item.key for item in items if item.key))
    caption = el("figcaption", place(first.file, first.line), f" {keys}" if keys else "")
    if not any(line.text.strip() for line in lines):
        return el("figure", caption)
    label = f"Lines of {first.file}" if first.line else f"What {first.file} says"
    return el("figure", caption, numbered(lines, label, finding.message))


def _in_context(excerpt: Excerpt, items: Sequence[Evidence]) -> Iterator[CodeLine]:
    """The neighbours of these items: those of another finding may be in one excerpt with them."""
    marked = {item.line for item in items}
    near = {n for line in marked for n in range(line - BEFORE, line + AFTER + 1)}
    shown = False
    for number, text in enumerate(excerpt.lines, excerpt.first):
        if number in near:
            yield CodeLine(number, text, number in marked)
        elif shown and number - 1 in near and number < max(marked):
            yield CodeLine(0, "")
        shown = shown or number in near


def _alone(items: Sequence[Evidence]) -> Iterator[CodeLine]:
    for item in sorted(items, key=lambda item: item.line):
        yield CodeLine(item.line, item.text.strip(), marked=True)
