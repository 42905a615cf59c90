"""Compares the Python stacks of a job's processes: who stands elsewhere than the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsdoctor.diagnosis.activity import BUILDING, LOADING_DATA, LOCKED, doing, place, waits_for_all
from dsdoctor.diagnosis.findings import finding_from_rule
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.pyspy import Stack, trainers
from dsdoctor.model import Confidence, Evidence, Finding, Frame, Role, ranks_named

OUTLIER = "DSN085"
OP_BUILD = "DSN086"

MAX_EVIDENCE = 5
MAX_CALLS = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one process is: ``doing`` in words if known, ``waits`` if in a collective."""

    stack: Stack
    rank: int | None
    frames: tuple[Frame, ...]
    doing: str
    waits: bool

    @property
    def shape(self) -> tuple[tuple[str, str], ...]:
        """What makes two stacks equal: functions and files, not lines."""
        return tuple((frame.function, frame.file) for frame in self.frames)

    @property
    def name(self) -> str:
        """``rank 3``, or the process where the rank is not known."""
        pid = self.stack.origin.pid
        return f"rank {self.rank}" if self.rank is not None else f"process {pid or '?'}"

    @property
    def line(self) -> int:
        """Where in the file the main thread's stack begins."""
        return self.stack.main.line if self.stack.main else self.stack.line


def stack_findings(stacks: Sequence[Stack], ranks: RankMap, pack: Pack) -> list[Finding]:
    """The processes that stand elsewhere than those that wait for them.

    Args:
        stacks: one dump a process; of several of one process the last counts.
        ranks: who is who, from the logs; ``RankMap()`` if there are none.
        pack: the rules.
    """
    standings = _standings(stacks, ranks)
    found = _op_build(standings, pack) or _outlier(standings, pack)
    return [found] if found is not None else []


def _standings(stacks: Sequence[Stack], ranks: RankMap) -> list[Standing]:
    """One a training process, in the order of ranks."""
    found: dict[object, Standing] = {}
    for stack in trainers(stacks):
        origin = ranks.complete(stack.origin)
        frames = stack.main.frames if stack.main else ()
        key = origin.rank if origin.rank is not None else (origin.host, origin.pid, stack.file)
        found[key] = Standing(stack, origin.rank, frames, doing(frames), waits_for_all(frames))
    return sorted(found.values(), key=lambda item: (item.rank is None, item.rank or 0))


def _op_build(standings: Sequence[Standing], pack: Pack) -> Finding | None:
    """Some compile an op, the others wait for them: slow, but no hang."""
    building = [item for item in standings if item.doing == BUILDING]
    locked = [item for item in standings if item.doing == LOCKED]
    if not building or len(building) + len(locked) < len(standings):
        return None
    finding = _finding(OP_BUILD, building, locked, Confidence.LIKELY, pack)
    return replace(finding, role=Role.CONTEXT) if finding else None


def _outlier(standings: Sequence[Standing], pack: Pack) -> Finding | None:
    """Some do something else while the others wait in a collective.

    Stacks of a job that runs differ, too; those that wait show that somebody is missed.
    """
    waiting = [item for item in standings if item.waits]
    others = [item for item in standings if not item.waits]
    if waiting and others and len(others) <= len(waiting):
        harmless = all(item.doing == LOADING_DATA for item in others)
        sure = Confidence.POSSIBLE if harmless else Confidence.LIKELY
        return _finding(OUTLIER, others, waiting, sure, pack)
    most, rest = _parted(standings)
    if not rest or 2 * len(most) < len(standings):
        return None
    if 2 * len(most) > len(standings) > 2:
        sure = Confidence.LIKELY if not others else Confidence.POSSIBLE
        return _finding(OUTLIER, rest, most, sure, pack)
    # two halves that wait in different calls: neither is the odd one
    return _finding(OUTLIER, standings, (), Confidence.POSSIBLE, pack) if not others else None


def _parted(standings: Sequence[Standing]) -> tuple[list[Standing], list[Standing]]:
    """The processes of the most common stack, and the rest."""
    shapes: dict[object, list[Standing]] = {}
    for item in standings:
        shapes.setdefault(item.shape, []).append(item)
    most = max(shapes.values(), key=len, default=[])
    return most, [item for item in standings if item not in most]


def _finding(
    code: str,
    odd: Sequence[Standing],
    rest: Sequence[Standing],
    sure: Confidence,
    pack: Pack,
) -> Finding | None:
    """The finding of rule ``code`` about ``odd``; its last evidence is the user's frame."""
    if code not in pack:
        return None
    first, where = odd[0], place(odd[0].frames)
    values = {
        "ranks": _named(odd),
        "waiting": _named(rest),
        "detail": _said(first) if rest else "stand in different calls: " + _each(odd),
        "text": _innermost(rest[0]) if rest else "",
    }
    shown = [*odd[: MAX_EVIDENCE - 2], *rest[:2]]
    evidence = [Evidence(item.stack.file, item.line, _calls(item)) for item in shown]
    if where:
        evidence.append(Evidence(first.stack.file, first.line, f"{first.name} is at {where}"))
    ranks = [item.rank for item in odd if item.rank is not None]
    known = {name: value for name, value in values.items() if value}
    finding = finding_from_rule(
        pack[code], confidence=sure, values=known, evidence=evidence, ranks=ranks
    )
    return replace(finding, user_frame=where)


def _calls(item: Standing) -> str:
    """One process in a line: what it does, and its innermost frames."""
    frames = item.frames[:MAX_CALLS]
    calls = " < ".join(f"{frame.function} ({frame.file}:{frame.line})" for frame in frames)
    return f"{item.name}: {item.doing + ': ' if item.doing else ''}{calls}"


def _said(item: Standing) -> str:
    """``saves a checkpoint, in save (train.py:13 in main)``."""
    return f"{item.doing}, {_innermost(item)}" if item.doing else f"is {_innermost(item)}"


def _each(items: Sequence[Standing]) -> str:
    return "; ".join(f"{item.name} {_innermost(item)}" for item in items[:4])


def _innermost(item: Standing) -> str:
    """``in all_reduce (train.py:12 in step)``."""
    if not item.frames:
        return "without a Python frame"
    return f"in {item.frames[0].function} ({place(item.frames)})"


def _named(items: Sequence[Standing]) -> str:
    """``rank 0-2, 5``, or the pids where the ranks are not known."""
    ranks = sorted(item.rank for item in items if item.rank is not None)
    rest = [item.name for item in items if item.rank is None][:4]
    return ", ".join(([f"rank {ranks_named(ranks)}"] if ranks else []) + rest)
