"""The findings of many hosts on one page: what is said of several is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dsdoctor.model import Finding, ProbeResult

MAX_EVIDENCE = 6
MAX_ALIKE = 5
"""Findings of one code with different words; beyond, the rest is folded into the last."""


def folded(results: Iterable[ProbeResult]) -> list[Finding]:
    """Each different finding once, with its hosts; ``count`` is the number of hosts."""
    by_words: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for result in results:
        for finding in result.findings:
            found = by_words.setdefault((finding.code, finding.message), [])
            found.append((result.host, finding))
    by_code: dict[str, list[list[tuple[str, Finding]]]] = {}
    for (code, _), found in by_words.items():
        by_code.setdefault(code, []).append(found)
    return [item for groups in by_code.values() for item in _of_one_code(groups)]


def _of_one_code(groups: Sequence[list[tuple[str, Finding]]]) -> list[Finding]:
    kept = [_together(group) for group in groups[:MAX_ALIKE]]
    rest = [pair for group in groups[MAX_ALIKE:] for pair in group]
    if rest:
        more = _together(rest)
        others = len(groups) - MAX_ALIKE - 1
        words = f"{more.message} (and {others} more like it)" if others else more.message
        kept.append(replace(more, message=words))
    return kept


def _together(found: Sequence[tuple[str, Finding]]) -> Finding:
    hosts = tuple(dict.fromkeys(host for host, _ in found if host))
    first = max((finding for _, finding in found), key=lambda item: item.severity.level)
    evidence = [
        replace(item, file=f"{host}:{item.file}" if host else item.file)
        for host, finding in found[:MAX_EVIDENCE]
        for item in finding.evidence
    ]
    return replace(first, hosts=hosts, count=len(found), evidence=tuple(evidence[:MAX_EVIDENCE]))
