"""Sound configurations to start from: ``dsdoctor lint --example NAME`` prints one.

Each lints clean (tests/cli/test_lint.py), and each trains (tests/differential). Those called
``trainer-...`` leave to the Hugging Face Trainer what it fills in by itself.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

EXAMPLES: tuple[str, ...] = tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))
"""The names of all examples."""


def example(name: str) -> str:
    """The text of an example."""
    return (_FOLDER / f"{name}.json").read_text(encoding="utf-8")
