"""Merge patches for a fix: built from dotted keys, joined, and worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dsdoctor.job.place import Path, Setting, path_of


def put(path: Path, value: Any) -> dict[str, Any]:
    """A patch that sets the key at ``path``; None removes it."""
    patch: Any = value
    for name in reversed(path):
        patch = {name: patch}
    return dict(patch)


def joined(*patches: Mapping[str, Any]) -> dict[str, Any]:
    """All patches as one; where two speak of one key, the later one counts."""
    result: dict[str, Any] = {}
    for patch in patches:
        for name, item in patch.items():
            old = result.get(name)
            if isinstance(old, Mapping) and isinstance(item, Mapping):
                item = joined(old, item)
            result[name] = item
    return result


def without(settings: Iterable[Setting]) -> dict[str, Any]:
    """A patch that removes the keys of ``settings`` as they were written."""
    return joined(*(put(path_of(setting.name), None) for setting in settings))


def listed(names: Iterable[str]) -> str:
    """``a, b and c``."""
    words = list(names)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def last_names(settings: Iterable[Setting]) -> str:
    """The keys without their blocks, as a list for a sentence."""
    return listed(path_of(setting.name)[-1] for setting in settings)
