"""Names the rank that a signal killed, where no line does.

A killed process says nothing, and DeepSpeed's launcher names the wrong one. But if every other rank
complained that its peer was gone, the one that did not is the one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.diagnosis.absence import complained
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.model import Finding

KILLS = frozenset({"DSM018", "DSM021", "DSL080", "DSL082", "DSL083", "DSL084"})
"""Rules for a process that a signal ended: KILL, BUS, SEGV, heap errors, ILL, FPE."""


def with_silent_rank(
    root: Finding, judgement: Judgement, groups: Sequence[Group], ranks: RankMap
) -> Finding:
    """``root`` with the rank that must have been killed, if exactly one kept silent."""
    if root.code not in KILLS or root.ranks or not ranks.size or ranks.size < 2:
        return root
    spoke = complained(groups, judgement)
    silent = sorted(set(range(ranks.size)) - spoke)
    if len(silent) != 1 or not spoke:
        return root
    word = f"; it was rank {silent[0]}, the only one that did not complain of a lost peer"
    return replace(root, ranks=tuple(silent), message=root.message + word)
