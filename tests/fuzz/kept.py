"""Inputs that once broke a reader, and the plain ones that tests begin with."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


def kept(name: str) -> list[bytes]:
    """The inputs of one target that are kept."""
    return [path.read_bytes() for path in kept_files(name)]


def kept_files(name: str) -> list[Path]:
    """Their files, in order of their names."""
    return sorted(path for path in Path(FOLDER, name).glob("*") if path.is_file())
