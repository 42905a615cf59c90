"""Versions as people and packages write them: enough to compare releases."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from itertools import zip_longest

_RELEASE = re.compile(r"\s*v?(\d+(?:\.\d+)*)")
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|<|>)\s*(\d+(?:\.\d+)*)\s*")
_TESTS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
ABSENT = "absent"


def release(text: str) -> tuple[int, ...]:
    """``(2, 4, 0)`` for "2.4.0a0+nv24.05"; empty where there is no number.

    A pre-release counts as its release: builds of that week mostly have the release's interface.
    """
    found = _RELEASE.match(text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def compare(left: str, right: str) -> int:
    """-1, 0 or 1; missing parts are zero."""
    for one, other in zip_longest(release(left), release(right), fillvalue=0):
        if one != other:
            return -1 if one < other else 1
    return 0


def older(version: str, than: str) -> bool:
    """Is ``version`` known and before ``than``?"""
    return bool(release(version)) and compare(version, than) < 0


def fits(version: str | None, wanted: str) -> bool:
    """Does a version fulfil "``>=2.0,<2.4``"? "absent" asks that there is none.

    Raises:
        ValueError: ``wanted`` is no such list.
    """
    clauses = [_CLAUSE.fullmatch(part) for part in wanted.split(",")]
    if wanted.strip() != ABSENT and not all(clauses):
        raise ValueError(f"not a version range: {wanted!r}")
    if version is None or not release(version):
        return wanted.strip() == ABSENT and version is None
    return wanted.strip() != ABSENT and all(
        _TESTS[clause[1]](compare(version, clause[2]), 0) for clause in clauses if clause
    )
