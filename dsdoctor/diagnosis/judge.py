"""Decides which group of incidents is the root cause, and what the others are to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import UNRECOGNISED
from dsdoctor.model import Confidence, Role

CAUSE, EITHER, WAITING, FALLOUT, CONTEXT = range(5)
"""How well a group can stand as a root: the lower the better."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The root (or none) with the confidence in it, and the part of each other group."""

    root: Group | None
    confidence: Confidence
    roles: dict[int, Role]


def judge(groups: Sequence[Group]) -> Judgement:
    """Pick the root among ``groups``, which are in order and have lost their noise.

    A cause beats what may be fallout; among equals the first one wins. What a rule names as
    the consequence of something else that was seen is never the root. Damage that does not stop
    a job explains a dead one only if nothing else does.
    """
    standing = {id(group): _standing(group, groups) for group in groups}
    ranked = sorted(groups, key=lambda group: (group.rule.silent, standing[id(group)]))
    root = ranked[0] if ranked and standing[id(ranked[0])] <= WAITING else None
    roles = {id(group): _role(group, root, standing[id(group)]) for group in groups}
    return Judgement(root, _confidence(root, groups, standing), roles)


def _standing(group: Group, groups: Sequence[Group]) -> int:
    """How well the group can stand as a root."""
    role = group.rule.role
    if role == "context":
        return CONTEXT
    if role == "consequence":
        return FALLOUT
    if _is_explained(group, groups):
        return FALLOUT
    if group.rule.code == UNRECOGNISED and group.first.waits:
        return WAITING
    return CAUSE if role == "cause" else EITHER


def _is_explained(group: Group, groups: Sequence[Group]) -> bool:
    """Was something seen of which the group's rule says that it leads to this?"""
    causes = set(group.rule.consequence_of)
    return any(other.rule.code in causes and other is not group for other in groups)


def _role(group: Group, root: Group | None, standing: int) -> Role:
    """What the group is to the root."""
    if group is root:
        return Role.CAUSE
    if standing == CONTEXT:
        return Role.CONTEXT
    if standing == CAUSE and not _follows(group, root):
        return Role.CAUSE
    return Role.CONSEQUENCE


def _follows(group: Group, root: Group | None) -> bool:
    """Can the later group be fallout of the root: on the same rank, or of the network?"""
    if root is None or group.first.order < root.first.order:
        return False
    same = set(group.ranks) & set(root.ranks) or not group.ranks or not root.ranks
    return bool(same) or group.rule.family in ("network", "launcher")


def _confidence(
    root: Group | None, groups: Sequence[Group], standing: dict[int, int]
) -> Confidence:
    """Certain only with a line that proves it and no rival."""
    if root is None:
        return Confidence.POSSIBLE
    level = standing[id(root)]
    if level == WAITING:
        return Confidence.POSSIBLE
    if level == EITHER:
        return Confidence.LIKELY
    rivals = [
        group
        for group in groups
        if group is not root and standing[id(group)] == CAUSE and not _follows(group, root)
    ]
    return Confidence.LIKELY if rivals else Confidence.CERTAIN
