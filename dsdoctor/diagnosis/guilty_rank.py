"""Names the guilty rank where its own lines do not.

A killed process says nothing, and DeepSpeed's launcher names the wrong one. But if every other rank
complained that its peer was gone, the one that did not is the one. A traceback of torch before 2.3,
or before the process group is up, carries no rank; torchrun says which process failed.
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


HOST_LOST = frozenset({"DSL055", "DSL072"})
"""Rules for a host that is gone as a whole, with all ranks that ran on it."""

TORCHRUN = "DSL090"
"""The rule for torchrun's lines that name the process that failed first."""


def with_guilty_rank(
    root: Finding, judgement: Judgement, groups: Sequence[Group], ranks: RankMap
) -> Finding:
    """``root`` with its rank, where that follows from the other lines."""
    if root.ranks or judgement.root is None:
        return root
    there = ranks.on_host.get(root.hosts[0], set()) if len(root.hosts) == 1 else set()
    if len(there) == 1 or (there and root.code in HOST_LOST):
        return replace(root, ranks=tuple(sorted(there)))
    if judgement.root.first.link is not None:
        return _by_torchrun(root, judgement.root, groups)
    return _by_silence(root, judgement, groups, ranks)


def _by_torchrun(root: Finding, group: Group, groups: Sequence[Group]) -> Finding:
    """A single unmarked traceback, and a single process of which torchrun says that it failed."""
    failed = {
        item.origin.rank
        for other in groups
        if other.rule.code == TORCHRUN
        for item in other.incidents
        if "code" in item.fields and item.origin.rank is not None
    }
    if len(failed) != 1 or len(group.incidents) != 1:
        return root
    return replace(root, ranks=tuple(sorted(failed)))


def _by_silence(
    root: Finding, judgement: Judgement, groups: Sequence[Group], ranks: RankMap
) -> Finding:
    """The one rank that must have been killed, if exactly one kept silent."""
    if root.code not in KILLS or not ranks.size or ranks.size < 2:
        return root
    spoke = complained(groups, judgement)
    silent = sorted(set(range(ranks.size)) - spoke)
    if len(silent) != 1 or not spoke:
        return root
    word = f"; it was rank {silent[0]}, the only one that did not complain of a lost peer"
    return replace(root, ranks=tuple(silent), message=root.message + word)
