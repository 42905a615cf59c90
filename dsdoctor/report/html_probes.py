"""What each probe of ``preflight`` found; hosts that say the same share a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.report.html_finding import badge
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_page import Section
from dsdoctor.report.html_ranks import table
from dsdoctor.report.preflight_text import WORST_FIRST

_BADGE = {
    Outcome.OK: ("✓", "ok", "good"),
    Outcome.ATTENTION: ("!", "look", "warn"),
    Outcome.SKIPPED: ("–", "skipped", "dim"),
    Outcome.CRASHED: ("?", "crashed", "warn"),
    Outcome.TIMED_OUT: ("?", "timed out", "warn"),
}
NAMES = ("Result", "Probe", "What is there", "Rules", "Seconds")
MAX_SAYINGS = 8
"""Different answers of one probe that are shown."""
MAX_NAMED = 6


def probes_section(results: Sequence[ProbeResult]) -> Section:
    """Those that looked, and folded away those that had nothing to look at."""
    by_probe: dict[str, list[ProbeResult]] = {}
    for result in results:
        by_probe.setdefault(result.probe, []).append(result)
    looked = [group for group in by_probe.values() if not _is_skipped(group)]
    skipped = [group for group in by_probe.values() if _is_skipped(group)]
    parts = [_table("What the probes found", looked)] if looked else []
    if skipped:
        summary = el("summary", f"Skipped: {len(skipped)}")
        parts.append(el("details", summary, _table("Skipped probes", skipped)))
    return Section("probes", "What the probes found", joined(parts), "Probes")


def _is_skipped(group: Sequence[ProbeResult]) -> bool:
    return all(item.outcome is Outcome.SKIPPED for item in group)


def _table(caption: str, groups: Sequence[Sequence[ProbeResult]]) -> Markup:
    worst_first = sorted(groups, key=lambda group: WORST_FIRST.index(_worst(group)))
    return table(caption, NAMES, [el("tr", _cells(group)) for group in worst_first])


def _worst(group: Sequence[ProbeResult]) -> Outcome:
    return min((item.outcome for item in group), key=WORST_FIRST.index)


def _cells(group: Sequence[ProbeResult]) -> Iterator[Markup]:
    findings = [finding for item in group for finding in item.findings]
    level = max((finding.severity.level for finding in findings), default=0)
    sign, word, kind = _BADGE[_worst(group)]
    if findings and level >= Severity.ERROR.level:
        sign, word, kind = "✗", "bad", "bad"
    elif findings and level == Severity.INFO.level:
        sign, word, kind = "i", "note", "info"
    yield el("td", badge(sign, word, kind))
    yield el("th", group[0].probe, scope="row")
    yield el("td", _said(group))
    codes = list(dict.fromkeys(finding.code for finding in findings))
    yield el("td", (el("span", f"{code} ", class_="id") for code in codes[:6]))
    yield el("td", f"{max(item.seconds for item in group):.2f}", class_="figure")


def _said(group: Sequence[ProbeResult]) -> Markup:
    """One answer, or each different one with its hosts, the most frequent first."""
    by_words: dict[str, list[str]] = {}
    for item in group:
        by_words.setdefault(item.note or item.summary, []).append(item.host)
    if len(by_words) == 1:
        return joined(next(iter(by_words)))
    sayings = sorted(by_words.items(), key=lambda pair: -len(pair[1]))
    shown = [
        el("li", el("strong", hosts_named(hosts)), f": {words}")
        for words, hosts in sayings[:MAX_SAYINGS]
    ]
    if more := max(0, len(sayings) - MAX_SAYINGS):
        shown.append(el("li", f"and {more} more answers", class_="muted"))
    return el("ul", shown, class_="plain")


def hosts_named(hosts: Sequence[str]) -> str:
    """A few by name, many by number."""
    if len(hosts) > MAX_NAMED:
        return f"{len(hosts)} hosts"
    return ", ".join(host or "this host" for host in hosts)
