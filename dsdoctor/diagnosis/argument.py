"""Why we are as sure as we say: one sentence under the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.model import Confidence, Finding, Role


def argument_for(root: Finding, judgement: Judgement, groups: Sequence[Group]) -> str:
    """The reason for the confidence in ``root``, rivals named."""
    chosen = judgement.root
    if chosen is None or chosen.rule.code != root.code:
        return _deduced(root)
    rivals = [
        group.rule.code
        for group in groups
        if group is not chosen and judgement.roles[id(group)] is Role.CAUSE
    ]
    if root.confidence is Confidence.CERTAIN:
        return "the line says so itself, and nothing else in these logs could have caused it"
    if rivals:
        named = ", ".join(dict.fromkeys(rivals))
        return f"it came first, but {named} may be a failure of its own"
    if root.confidence is Confidence.POSSIBLE:
        return "it was raised while waiting for another rank, whose own lines are not in these logs"
    return (
        "this can also be the fallout of something that left no line here; nothing better was seen"
    )


def _deduced(root: Finding) -> str:
    """For what no single line says."""
    if root.confidence is Confidence.CERTAIN:
        return "the records of all ranks agree"
    if root.confidence is Confidence.LIKELY:
        return "deduced from what the ranks said and did not say"
    return "deduced from silence: lines may be missing from these logs"
