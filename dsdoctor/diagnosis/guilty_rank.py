"""Names the guilty rank where its own lines do not, or says that nobody can.

A killed process says nothing, and DeepSpeed's launcher names the wrong one. But the launcher's
times tell which process it found dead; and if every other rank complained that its peer was gone,
the one that did not is the one. For tracebacks without a rank see ``unmarked``.
"""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.diagnosis.clues import Clues
from dsdoctor.diagnosis.launcher_end import FoundDead
from dsdoctor.diagnosis.rendezvous import with_rank_of_store
from dsdoctor.diagnosis.unmarked import may_be_any_rank, rank_of_traceback
from dsdoctor.model import Finding

KILLS = {"DSM018": -9, "DSM021": -7, "DSL080": -11, "DSL082": None, "DSL083": -4, "DSL084": -8}
"""Rules for a process that a signal ended, and the exit code that is proof of it.

None for an abort, which is also how a rank ends that lost its peers.
"""

HOST_LOST = frozenset({"DSL055", "DSL072"})
"""Rules for a host that is gone as a whole, with all ranks that ran on it."""


def with_guilty_rank(root: Finding, clues: Clues) -> Finding:
    """``root`` with its rank, where that follows from the other lines; else it says so."""
    if stored := with_rank_of_store(root, clues):
        return stored
    if root.ranks:
        return root
    there = clues.ranks.on_host.get(root.hosts[0], set()) if len(root.hosts) == 1 else set()
    if len(there) == 1 or (there and root.code in HOST_LOST):
        return replace(root, ranks=tuple(sorted(there)))
    if root.code in KILLS and (named := _killed(root, clues)):
        return named
    if raised := rank_of_traceback(clues):
        word = f"; it was rank {raised.rank}: {raised.reason}"
        return replace(root, ranks=(raised.rank,), message=root.message + word)
    if is_nameless(root, clues):
        word = f"; these logs cannot tell which of ranks 0-{(clues.ranks.size or 1) - 1} it was"
        return replace(root, message=root.message + word)
    return root


def is_nameless(root: Finding | None, clues: Clues) -> bool:
    """Was it a single rank of several, and nobody can say which?"""
    chosen = clues.judgement.root
    if root is None or chosen is None or root.code != chosen.rule.code:
        return False
    if root.ranks or (clues.ranks.size or 0) < 2:
        return False
    return root.code in KILLS or may_be_any_rank(clues)


def _killed(root: Finding, clues: Clues) -> Finding | None:
    """The process that a signal ended: by the launcher's times, by the others' complaints."""
    dead = clues.dead
    if dead is not None and dead.code != KILLS[root.code]:
        dead = None
    silent = _silent(clues)
    if dead is not None and silent in (None, dead.rank):
        return _found(root, dead)
    if silent is None or dead is not None:
        return None
    word = f"; it was rank {silent}, the only one that did not complain of a lost peer"
    return replace(root, ranks=(silent,), message=root.message + word)


def _found(root: Finding, dead: FoundDead) -> Finding:
    word = f"; it was rank {dead.rank}: {dead.reason}"
    known = {(item.file, item.line) for item in root.evidence}
    lines = [item for item in dead.lines if (item.file, item.line) not in known]
    evidence = root.evidence if root.user_frame else (*root.evidence, *lines)
    return replace(root, ranks=(dead.rank,), message=root.message + word, evidence=evidence)


def _silent(clues: Clues) -> int | None:
    """The one rank that did not complain, if all others did."""
    size, spoke = clues.ranks.size or 0, clues.spoke
    silent = sorted(set(range(size)) - spoke) if size > 1 and spoke else []
    return silent[0] if len(silent) == 1 else None
