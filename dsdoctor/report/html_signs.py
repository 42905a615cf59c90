"""The signs of the kinds of ending: each has a shape of its own, so that no colour is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsdoctor.report.html_endings import KINDS
from dsdoctor.report.html_markup import Markup, el

_SIGNS = {
    "cause": "M-3-3L3 3M-3 3L3-3",
    "failed": "M-2.5 2L0-2.5L2.5 2Z",
    "well": "M-3 0L-1 2.5L3-3",
    "silent": "M-3 0H3",
    "absent": "",
}


def sign(kind: str) -> Markup:
    """The sign of a kind around the origin: a box and a mark in it."""
    box = el("rect", x=-5.5, y=-5.5, width=11, height=11, rx=2)
    return el("g", box, _mark(kind), class_=f"end {kind}")


def legend(kinds: Iterable[str]) -> Markup:
    """What the signs mean; only those that are there."""
    there = set(kinds)
    items = (_explained(kind) for kind in KINDS if kind in there)
    return el("ul", items, class_="legend")


def _explained(kind: str) -> Markup:
    box = el("svg", sign(kind), viewBox="-8 -8 16 16", width=16, height=16, aria_hidden="true")
    return el("li", box, f" {KINDS[kind]}")


def _mark(kind: str) -> Markup:
    return el("path", d=_SIGNS[kind]) if _SIGNS[kind] else Markup()


def defined(kinds: Sequence[str]) -> Markup:
    """The signs once, for ``use``."""
    return el("defs", (el("g", sign(kind), id=f"end-{kind}") for kind in kinds))
