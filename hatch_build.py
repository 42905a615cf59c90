"""Puts the rules into the wheel: the YAML files, and an index that loads in milliseconds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RulesHook(BuildHookInterface):  # type: ignore[misc]
    """Adds ``dsdoctor/_rules`` to a wheel. An editable install reads the checkout instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the index and name the files to include."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from dsdoctor.knowledge.loader import load_rules
        from dsdoctor.knowledge.pack import index_bytes

        index = Path(self.directory) / "index.json"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_bytes(index_bytes(load_rules(root / "rules")))
        build_data["force_include"][str(index)] = "dsdoctor/_rules/index.json"
        for path in sorted((root / "rules").glob("*/*.yaml")):
            inside = path.relative_to(root / "rules")
            build_data["force_include"][str(path)] = f"dsdoctor/_rules/{inside}"
