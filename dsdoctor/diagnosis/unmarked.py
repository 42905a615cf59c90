"""Finds the rank of a traceback that carries no rank's mark.

torch marks uncaught exceptions from 2.3 on, and only once the process group is up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdoctor.diagnosis.clues import TORCHRUN, Clues
from dsdoctor.diagnosis.launcher_end import FoundDead

PYTHON_ERROR = 1
"""The exit code of a Python program that an exception ended."""

_ALIKE = frozenset({"build", "config", "engine", "launcher", "precision"})
"""Families of rules for what is as a rule the same on all ranks."""
_LAUNCHER = re.compile(
    r"deepspeed/launcher/|torch/distributed/(?:run|launch|elastic/)|accelerate/commands/"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A rank, and from what it follows that it was this one."""

    rank: int
    reason: str


def rank_of_traceback(clues: Clues) -> Named | None:
    """The rank that raised the root's exception, if that follows from what others said."""
    if not _is_single(clues):
        return None
    if (rank := _by_torchrun(clues)) is not None:
        return Named(rank, "torchrun names it")
    if (rank := _by_the_others(clues)) is not None:
        return Named(rank, "every other rank has an exception of its own")
    if dead := _by_launcher(clues):
        return Named(dead.rank, dead.reason)
    return None


def may_be_any_rank(clues: Clues) -> bool:
    """Is the root one rank's own exception, of a kind that need not befall all ranks?"""
    root = clues.judgement.root
    return _is_single(clues) and root is not None and root.rule.family not in _ALIKE


def _is_single(clues: Clues) -> bool:
    """Is the root a single traceback without a mark, and not the launcher's own?"""
    root = clues.judgement.root
    if root is None or len(root.incidents) != 1:
        return False
    link = root.first.link
    return link is not None and not any(_LAUNCHER.search(frame.file) for frame in link.frames)


def _by_torchrun(clues: Clues) -> int | None:
    """torchrun names a single process that failed."""
    failed = {
        item.origin.rank
        for item in clues.incidents
        if item.rule.code == TORCHRUN and "code" in item.fields
    }
    return _only(failed)


def _by_the_others(clues: Clues) -> int | None:
    """Every other rank has an exception of its own."""
    others = {item.origin.rank for item in clues.others_tracebacks}
    if None in others or not others:
        return None
    return _only(set(range(clues.ranks.size or 0)) - others)


def _by_launcher(clues: Clues) -> FoundDead | None:
    """The deepspeed launcher found one process dead of an exception, and this is the only one."""
    dead = clues.dead
    if dead is None or dead.code != PYTHON_ERROR:
        return None
    others = clues.others_tracebacks
    return None if any(item.origin.rank in (None, dead.rank) for item in others) else dead


def _only(ranks: set[int | None] | set[int]) -> int | None:
    """The one member, if there is one and it is known."""
    return next(iter(ranks)) if len(ranks) == 1 else None
