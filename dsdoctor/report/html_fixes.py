"""The ways out, ready to copy, and what a repair did to a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Change, Finding, Remedy
from dsdoctor.report.fixes import pasteable
from dsdoctor.report.html_code import diff, to_copy
from dsdoctor.report.html_markup import Markup, el, joined

_RISK = {
    "slower": "slower",
    "numerics": "changes the numbers",
    "choice": "your choice",
    "unsafe": "may change the result",
}


def fixes_of(finding: Finding, *, prove: bool = False) -> Markup:
    """Best first, and how to prove the first if that is wanted."""
    if not finding.remedies:
        return Markup()
    ways = el("ol", map(_fix, finding.remedies), class_="fixes")
    confirm = next((item.confirm for item in finding.remedies if item.confirm), "")
    if not confirm or not prove:
        return ways
    proof = el("p", el("strong", "Prove it"), class_="label")
    return joined(ways, proof, to_copy(confirm.strip().split("\n"), "what proves it"))


def changes_of(changes: Sequence[Change]) -> Markup:
    """The diff of each configuration that was mended."""
    return joined(map(_change, changes))


def _fix(remedy: Remedy) -> Markup:
    risk = _RISK.get(remedy.risk, remedy.risk) if remedy.risk != "safe" else ""
    head = el(
        "p", remedy.summary, " " if risk else "", el("span", risk, class_="tag") if risk else ""
    )
    lines = list(pasteable(remedy))
    kinds = {"config": remedy.config, "environment": remedy.env, "command": remedy.command}
    kind = next((name for name, value in kinds.items() if value), "code")
    return el("li", head, to_copy(lines, kind) if lines else "")


def _change(change: Change) -> Markup:
    lines = change.diff.removesuffix("\n").split("\n") if change.diff else []
    return el(
        "article",
        el("h3", change.file),
        diff(lines, "diff") if lines else "",
        el("ul", (el("li", item) for item in change.applied)) if change.applied else "",
        el("p", _whither(change)),
    )


def _whither(change: Change) -> Iterator[str]:
    """Where the mended file is."""
    if change.written:
        yield from ("Written to ", el("code", change.written), ".")
    elif change.applied:
        yield "Nothing is saved yet: add "
        yield from (el("code", "-o fixed.json"), " or ", el("code", "--in-place"), ".")
    else:
        yield "There is nothing in it that can be mended by itself."
