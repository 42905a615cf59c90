"""Literals that every match of a regex must contain: what the fast scanner looks for."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as sre_constants
    from re import _parser as sre_parse
else:  # the parser had another name before Python 3.11
    import sre_constants
    import sre_parse

MIN_ANCHOR = 4
"""Shorter literals occur in nearly every line and would make the scan slow."""

MAX_ANCHOR = 200
"""Of longer literals the start is looked for: the scanner takes time by the square to learn one."""

Literals = tuple[str, ...]


def anchors_of(regex: str) -> Literals:
    """Return literals of which at least one is in every string that ``regex`` matches.

    Args:
        regex: a pattern in the syntax of ``re``.

    Returns:
        The alternatives, or an empty tuple when the regex promises no literal of
        ``MIN_ANCHOR`` characters (give explicit anchors then).
    """
    return _of_sequence(sre_parse.parse(regex))


def _of_sequence(nodes: Any) -> Literals:
    """The best literals among the parts that must all match, one after the other."""
    best: Literals = ()
    run = ""
    for operation, argument in nodes:
        if operation is sre_constants.LITERAL:
            run += chr(argument)
            continue
        best, run = _better(best, (run[:MAX_ANCHOR],)), ""
        best = _better(best, _of_node(operation, argument))
    return _better(best, (run[:MAX_ANCHOR],))


def _of_node(operation: Any, argument: Any) -> Literals:
    """Literals promised by one part that is not itself a literal character."""
    if operation is sre_constants.SUBPATTERN:
        return _of_sequence(argument[3])
    if operation is sre_constants.BRANCH:
        return _of_branches(argument[1])
    if operation in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT) and argument[0] > 0:
        return _of_sequence(argument[2])
    return ()


def _of_branches(branches: list[Any]) -> Literals:
    """One literal of every branch, or nothing if a branch promises none."""
    found = [_of_sequence(branch) for branch in branches]
    return tuple(literal for part in found for literal in part) if all(found) else ()


def _better(one: Literals, other: Literals) -> Literals:
    """The alternatives whose shortest literal is longer."""
    if min(map(len, other), default=0) < MIN_ANCHOR:
        return one
    return max(one, other, key=lambda item: min(map(len, item), default=0))
