"""One finding: what, where, evidence, why, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Confidence, Excerpt, Finding, Severity, ranks_named
from dsdoctor.report.html_evidence import evidence_of
from dsdoctor.report.html_fixes import fixes_of
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_page import Section
from dsdoctor.report.names import ranks_and_hosts
from dsdoctor.report.wording import line_count

MAX_HOSTS = 40
SIGNS = {
    Severity.FATAL: ("✗", "bad"),
    Severity.ERROR: ("✗", "bad"),
    Severity.WARNING: ("!", "warn"),
    Severity.INFO: ("i", "info"),
}


def badge(sign: str, word: str, kind: str) -> Markup:
    """A word with a sign and a colour."""
    return el("span", el("span", sign, aria_hidden="true"), f" {word}", class_=f"badge {kind}")


def severity_badge(finding: Finding, *, plain: bool = False) -> Markup:
    """How bad it is; ``plain`` of one among others, where fatal is one more error."""
    sign, kind = SIGNS[finding.severity]
    word = Severity.ERROR if plain and finding.severity is Severity.FATAL else finding.severity
    return badge(sign, word.value, kind)


def root_sections(
    root: Finding, followed: Sequence[Finding], excerpts: Sequence[Excerpt]
) -> Iterator[Section]:
    """The root cause, told in full, part by part."""
    evidence = evidence_of(root, excerpts)
    if root.user_frame:
        code = el("code", root.user_frame, class_="place")
        evidence = joined(evidence, el("p", el("strong", "Your code "), code))
    yield Section("evidence", "Evidence", evidence)
    yield Section("why", "Why", _why(root))
    yield Section("fix", "What to do", fixes_of(root, prove=True))
    yield Section("then", "What followed", followed_by(followed))


def article(
    finding: Finding, followed: Sequence[Finding], excerpts: Sequence[Excerpt], number: int
) -> Markup:
    """A finding among others."""
    name = anchor(number)
    parts = [
        el("h3", el("span", finding.code, class_="id"), " ", finding.title, id=name),
        el("p", severity_badge(finding, plain=True), " ", _part(finding), class_="muted"),
        el("p", finding.message),
        hosts_line(finding.hosts),
        evidence_of(finding, excerpts),
        _user_code(finding),
        el("details", el("summary", "Why"), _why(finding)) if finding.why else "",
        el("h4", "What to do") if finding.remedies else "",
        fixes_of(finding),
        el("h4", "What followed") if followed else "",
        followed_by(followed),
    ]
    return el("article", joined(parts), aria_labelledby=name)


def anchor(number: int) -> str:
    """Where the finding stands on the page."""
    return f"finding-{number}"


def followed_by(findings: Sequence[Finding]) -> Markup:
    """One line for each kind of fallout."""
    if not findings:
        return Markup()
    items = [
        el(
            "li",
            el("span", one.code, class_="id"),
            " ",
            one.title,
            el("span", _who(one), class_="muted"),
        )
        for one in findings[:50]
    ]
    more = [el("li", f"and {len(findings) - 50} more kinds")] if len(findings) > 50 else []
    return el("ul", items, more)


def hosts_line(hosts: Sequence[str]) -> Markup:
    """The hosts that it is about."""
    if not hosts:
        return Markup()
    more = f" and {len(hosts) - MAX_HOSTS} more" if len(hosts) > MAX_HOSTS else ""
    return el("p", el("strong", "Hosts "), ", ".join(hosts[:MAX_HOSTS]) + more)


def _why(finding: Finding) -> Markup:
    parts = [el("p", finding.why)] if finding.why else []
    if finding.argument and finding.confidence is not Confidence.CERTAIN:
        sure = finding.confidence.value.capitalize()
        parts.append(el("p", el("strong", f"{sure}: "), finding.argument))
    return joined(parts)


def _user_code(finding: Finding) -> Markup:
    if not finding.user_frame:
        return Markup()
    return el("p", el("strong", "Your code "), el("code", finding.user_frame, class_="place"))


def _part(finding: Finding) -> str:
    """How sure, and whom it is about."""
    sure = "" if finding.confidence is Confidence.CERTAIN else finding.confidence.value
    word = "rank" if len(finding.ranks) == 1 else "ranks"
    ranks = f"{word} {ranks_named(finding.ranks)}" if finding.ranks else ""
    return " · ".join(filter(None, (sure, finding.role.value if sure else "", ranks)))


def _who(finding: Finding) -> str:
    who = ranks_and_hosts(finding)
    return f" {who + ', ' if who else ''}{line_count(finding)}"
