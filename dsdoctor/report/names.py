"""How renderers name ranks and hosts."""

from __future__ import annotations

from dsdoctor.model import Finding, ranks_named


def ranks_and_hosts(finding: Finding) -> str:
    """``rank 3 · node-1`` or ``ranks 0-7``; empty if nobody is known."""
    parts = []
    if finding.ranks:
        word = "rank" if len(finding.ranks) == 1 else "ranks"
        parts.append(f"{word} {ranks_named(finding.ranks)}")
    if finding.hosts:
        more = f" and {len(finding.hosts) - 3} more" if len(finding.hosts) > 3 else ""
        parts.append(", ".join(finding.hosts[:3]) + more)
    return " · ".join(parts)
