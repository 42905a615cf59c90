"""One finding in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.model import Confidence, Finding, Remedy
from dsdoctor.report.fixes import pasteable
from dsdoctor.report.folding import Folded
from dsdoctor.report.markdown_text import code_span, fence, folded_away, prose
from dsdoctor.report.names import ranks_and_hosts
from dsdoctor.report.places import project_path
from dsdoctor.report.wording import line_count, one_line

MAX_EVIDENCE = 6
MAX_CODE_LINES = 80
MAX_FOLLOWED = 20


def finding_blocks(item: Folded, *, named: bool = True) -> Iterator[str]:
    """What, where, and the first way out; why and all else folded away.

    ``named`` is false where a heading has given its name already.
    """
    finding = item.finding
    if named:
        yield f"{name_of(finding)} · {_weight(finding)}"
    sure = "" if named or finding.confidence is Confidence.CERTAIN else f" ({_sure(finding)})"
    yield prose(finding.message) + sure
    who = prose(ranks_and_hosts(finding))
    if evidence := _evidence(finding):
        yield f"**Evidence**{' · ' if who else ''}{who}\n\n{fence(evidence)}"
    elif who:
        yield f"**Where** {who}"
    if finding.user_frame:
        yield f"**Your code** {code_span(finding.user_frame)}"
    fixes = [_fix(remedy, number, finding) for number, remedy in enumerate(finding.remedies, 1)]
    yield from fixes[:1]
    if finding.why:
        yield folded_away("Why", prose(finding.why, 4000))
    if item.followed:
        lines = [_follower(one) for one in item.followed[:MAX_FOLLOWED]]
        yield folded_away(f"What followed: {len(item.followed)}", "\n".join(lines))
    if fixes[1:]:
        yield folded_away(f"Other ways out: {len(fixes) - 1}", "\n\n".join(fixes[1:]))


def finding_item(finding: Finding) -> str:
    """A finding as one item of a list."""
    place = next((code_span(_place(item.file, item.line)) for item in finding.evidence), "")
    parts = [name_of(finding), _weight(finding), prose(finding.message, 300), place]
    return "- " + " · ".join(filter(None, parts))


def name_of(finding: Finding) -> str:
    """Code and title."""
    return f"**{prose(finding.code, 50)}** {prose(finding.title, 200)}"


def _weight(finding: Finding) -> str:
    sure = "" if finding.confidence is Confidence.CERTAIN else f", {_sure(finding)}"
    return f"{finding.severity.value}{sure}"


def _sure(finding: Finding) -> str:
    return finding.confidence.value


def _follower(finding: Finding) -> str:
    who = ranks_and_hosts(finding)
    return f"- {name_of(finding)} ({prose(who) + ': ' if who else ''}{line_count(finding)})"


def _evidence(finding: Finding) -> list[str]:
    """``file:line │ text`` for each; the user's own line has its own place below."""
    shown = list(finding.evidence)[: -1 if finding.user_frame else None]
    lines = [f"{_place(item.file, item.line)} │ {one_line(item.text, 300)}" for item in shown]
    unlike = list(dict.fromkeys(lines))
    more = len(unlike) - MAX_EVIDENCE
    return [*unlike[:MAX_EVIDENCE], *([f"and {more} more"] if more > 0 else [])]


def _place(file: str, line: int) -> str:
    return project_path(file) + (f":{line}" if line else "")


def _fix(remedy: Remedy, number: int, finding: Finding) -> str:
    """A summary and what to paste."""
    label = f"Fix {number}" if len(finding.remedies) > 1 else "Fix"
    risk = f" ({prose(remedy.risk)})" if remedy.risk != "safe" else ""
    head = f"**{label}** {prose(remedy.summary, 500)}{risk}"
    code = list(pasteable(remedy))
    language = "json" if remedy.config else "sh" if remedy.command or remedy.env else "python"
    if len(code) > MAX_CODE_LINES:
        code = [*code[:MAX_CODE_LINES], "…"]
    return f"{head}\n\n{fence(code, language)}" if code else head
