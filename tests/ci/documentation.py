"""The blocks of docs/ci.md, so that what people paste is what was run."""

from __future__ import annotations

import re

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "ci.md"


def block(name: str) -> str:
    """The fenced block below ``<!-- name -->``."""
    found = re.search(
        rf"<!-- {re.escape(name)} -->\n```\w*\n(.*?)^```$",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    assert found is not None, f"docs/ci.md has no block {name}"
    return found[1]


def assert_printed(name: str, output: str) -> None:
    """Hold the page to what was printed: every line of the block, in this order."""
    rest = output
    for line in block(name).splitlines():
        start, cut, _ = line.partition("…")
        if not start:
            continue
        wanted = start if cut else f"{line}\n"
        assert wanted in rest, f"docs/ci.md: {name}: not printed: {line}"
        rest = rest.partition(wanted)[2]
