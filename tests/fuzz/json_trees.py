"""Bends a JSON document here and there, by decisions: its shape stays nearly what it was."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.fuzz.choices import Choices

MAX_CHANGES = 6
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 2**31, 2**63, 10**25, 1.5, 1e300, "", "1", "x", "\x1b[31m",
    "\ud800", "a\nb", "\u202ex", "x" * 5000, [], {}, [None], {"": 1}, [[[[[]]]]],
    "2026-01-31T10:00:00", "DSM001", "certain",
)  # fmt: skip


def bent(document: Any, choices: Choices) -> bytes:
    """``document`` as JSON, with odd values in a few places."""
    root = [copy.deepcopy(document)]
    for _ in range(choices.number(MAX_CHANGES)):
        _change(root, choices)
    return json.dumps(root[0]).encode()


def _change(root: list[Any], choices: Choices) -> None:
    """Walk down some levels, then replace, drop or double what stands there."""
    holder: Any = root
    key: Any = 0
    while isinstance(holder[key], (list, dict)) and holder[key] and choices.number(12):
        holder = holder[key]
        keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        key = keys[choices.number(len(keys))]
    how = choices.number(6)
    if how == 0 and holder is not root:
        del holder[key]
    elif how == 1 and isinstance(holder, list) and holder is not root:
        holder.extend(copy.deepcopy(holder[key]) for _ in range(choices.number(4)))
    else:
        holder[key] = copy.deepcopy(choices.pick(ODD))
