"""Which variables exist, and which one a misspelt name means."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from dsdoctor.job.schema.distance import edits

_DATA = files("dsdoctor.probes") / "data" / "variables.yaml"
_HEADS = ("NCCL", "TORCH", "CUDA", "GLOO", "PYTORCH", "TORCHELASTIC", "DS", "DEEPSPEED")
"""First words of the names that are looked at; what else an environment holds is no concern."""
SHORTEST, LONGEST = 8, 80
MOST_EDITS = 2
SHARE = 0.12
"""So many edits to a letter at most: short names are too near each other."""


@cache
def known_names() -> frozenset[str]:
    """Every name that some program reads."""
    data = yaml.safe_load(_DATA.read_text("utf-8"))
    return frozenset(name for item in data for name in item["names"].split())


def meant_by(name: str) -> str:
    """The variable that a misspelt name means; empty if it is right, or nothing like one."""
    if not SHORTEST <= len(name) <= LONGEST or not _of_interest(name) or name in known_names():
        return ""
    if f"TORCH_{name}" in known_names():
        return f"TORCH_{name}"
    digits = _digits(name)
    near = [one for one in known_names() if abs(len(one) - len(name)) <= MOST_EDITS]
    found = [(edits(name, one), one) for one in near if _digits(one) == digits]
    best = min(found, default=(LONGEST, ""))
    return best[1] if best[0] <= min(MOST_EDITS, SHARE * len(name)) else ""


def _of_interest(name: str) -> bool:
    """Is the first word NCCL, TORCH and so on, or one slip away? RCCL and HCCL are their own."""
    head = name.partition("_")[0]
    if head in _HEADS:
        return True
    return any(
        len(one) >= 4 and one[0] == head[:1] and len(head) < 16 and edits(head, one) == 1
        for one in _HEADS
    )


def _digits(name: str) -> str:
    """``P2P`` and ``P3P`` are two things, not a slip."""
    return "".join(filter(str.isdigit, name))
