"""The ways out of a finding, ready to paste."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from dsdoctor.knowledge.arithmetic import has_sums
from dsdoctor.model import Finding, Remedy
from dsdoctor.report.lines import StyledLine
from dsdoctor.report.paragraphs import MARGIN, labelled

SHORT = 80
"""Columns up to which a patch stays on one line."""


def fix_lines(finding: Finding, width: int, *, prove: bool = True) -> Iterator[StyledLine]:
    """The ways out, ready to paste, and how to prove the first."""
    for number, remedy in enumerate(finding.remedies, 1):
        label = f"fix {number}" if len(finding.remedies) > 1 else "fix"
        risk = f" ({remedy.risk})" if remedy.risk != "safe" else ""
        yield from labelled(label, remedy.summary + risk, width, style="bold")
        for line in pasteable(remedy):
            yield [(" " * MARGIN + "  ", ""), (line, "cyan")]
    confirm = next((item.confirm for item in finding.remedies if item.confirm), "")
    if confirm and prove:
        yield [(f"  {'prove':<{MARGIN - 2}}", "bold"), (confirm.strip(), "cyan")]


def pasteable(remedy: Remedy) -> Iterator[str]:
    """The lines to copy: a config patch, exports, a command, code."""
    if remedy.config:
        yield from _patch(remedy.config)
    if has_sums(remedy.config):
        yield "micro and gas are your micro batch and accumulation now: --config puts them in"
    for name, value in remedy.env.items():
        yield f"export {name}={value}"
    for block in (remedy.command, remedy.code):
        yield from block.strip().splitlines()


def _patch(config: Mapping[str, object]) -> Iterator[str]:
    """A merge patch, on one line if it fits."""
    line = json.dumps(dict(config))
    yield from [line] if len(line) <= SHORT else json.dumps(dict(config), indent=2).splitlines()
