"""A configuration on its way from the user's to the one that is trained."""

from __future__ import annotations

import copy
import json
from typing import Any

from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, dotted
from dsdoctor.job.spec import JobSpec


class Draft:
    """A copy of the configuration; every change of it is put down in words."""

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec
        self.config: dict[str, Any] = copy.deepcopy(spec.config.data)
        self.changes: list[str] = []
        self.notes: list[str] = []
        self.scratch: list[str] = []

    def get(self, path: Path) -> Any:
        """The value as it stands now, under any spelling of the key; ``MISSING`` without one."""
        block, name = self._at(path)
        return block[name] if isinstance(block, dict) and name in block else MISSING

    def change(self, path: Path, value: Any, why: str = "") -> None:
        """Write ``value`` at ``path``, whose blocks are made if they are not there."""
        old = self.get(path)
        if old is not MISSING and old == value and type(old) is type(value):
            return
        block, name = self._at(path, make=True)
        if not isinstance(block, dict):
            return
        block[name] = value
        before = "not set" if old is MISSING else _shown(old)
        self.changes.append(
            f"{dotted((*path[:-1], name))} {before} → {_shown(value)}"
            + (f" ({why})" if why else "")
        )

    def _at(self, path: Path, *, make: bool = False) -> tuple[Any, str]:
        """The block that holds the key, and the key as the user spelt it."""
        way = self.spec.written(path) or path
        block: Any = self.config
        for name in way[:-1]:
            if isinstance(block, dict) and make:
                block.setdefault(name, {})
            block = block.get(name) if isinstance(block, dict) else None
        return block, way[-1]


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 60 else f"{text[:57]}..."
