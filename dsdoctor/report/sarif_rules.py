"""SARIF's rules: the pages of those problems that a report holds."""

from __future__ import annotations

from typing import Any

from dsdoctor.model import Finding
from dsdoctor.report.fixes import fix_lines, pasteable
from dsdoctor.report.lines import as_plain
from dsdoctor.report.markdown_text import fence, prose
from dsdoctor.report.wording import clipped, one_line

MAX_HELP = 8000
MAX_SENTENCE = 1000
WIDTH = 100


def rule(finding: Finding) -> dict[str, Any]:
    """The rule that ``finding`` is an instance of, with its reasons and ways out."""
    title = sentence(finding.title) or finding.code
    why = sentence(finding.why, 4000) or title
    return {
        "id": one_line(finding.code),
        "name": one_line("".join(word.capitalize() for word in finding.slug.split("-"))),
        "shortDescription": {"text": title},
        "fullDescription": {"text": clipped(why, MAX_SENTENCE)},
        "help": {"text": _help(finding, why), "markdown": _markdown(finding)},
        "properties": {"tags": ["deepspeed", finding.severity.value]},
    }


def sentence(text: str, limit: int = MAX_SENTENCE) -> str:
    """Plain text of a message. SARIF makes links of ``[text](target)`` even there."""
    return one_line(text, limit).replace("](", "] (")


def _help(finding: Finding, why: str) -> str:
    fixes = as_plain(fix_lines(finding, WIDTH)).replace("](", "] (")
    return clipped("\n\n".join([why, *([fixes] if fixes else [])]), MAX_HELP)


def _markdown(finding: Finding) -> str:
    """Whole blocks only, as many as there is room for."""
    blocks = [prose(finding.why or finding.title, MAX_SENTENCE)]
    for remedy in finding.remedies:
        code = list(pasteable(remedy))
        block = f"**Fix:** {prose(remedy.summary)}" + (f"\n\n{fence(code)}" if code else "")
        if sum(map(len, blocks)) + len(block) < MAX_HELP:
            blocks.append(block)
    return "\n\n".join(blocks)
