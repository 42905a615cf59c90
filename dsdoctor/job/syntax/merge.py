"""RFC 7396: a merge patch applied to plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(data: Any, patch: Any) -> Any:
    """``data`` with ``patch`` in it: null removes a key, an object is merged, all else replaces.

    Neither argument is changed; the result may share parts with both.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(data) if isinstance(data, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal as JSON: 1 is 1.0, but not true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
