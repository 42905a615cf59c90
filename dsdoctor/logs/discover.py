"""Finds the logs of a job: files, globs, folders, standard input."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dsdoctor.errors import SourceError
from dsdoctor.logs.witness import is_witness_name

STDIN = "-"
MAX_FILES = 100_000
MAX_ENTRIES = 2_000_000

_LOG_NAME = re.compile(
    r"(?:^(?:stdout|stderr|output|console|train|job|nohup)(?:[._-]|$)"
    r"|\.(?:log|out|err|txt|stdout|stderr|o\d+|e\d+)(?:\.\d{1,3})?)(?:\.(?:gz|xz|bz2|zst))?$",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"(?i)^(?:requirements.*|readme.*|license.*|vocab|merges|special_tokens.*)\.(?:txt|md)$"
)
_SKIPPED_FOLDERS = frozenset({".git", "__pycache__", "node_modules", "site-packages", ".venv"})


@dataclass(slots=True)
class Discovery:
    """The files to read, and what was passed over."""

    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def discover(names: Iterable[str]) -> Discovery:
    """Expand what the user named.

    Args:
        names: files, folders (searched for names of logs), globs, or ``-``.

    Raises:
        SourceError: a name stands for nothing, or a folder holds no logs.
    """
    found, seen = Discovery(), set[Path]()
    for name in names:
        for path in _expand(name, found):
            # unlike Path.resolve, this does not raise for a link to itself before Python 3.13
            real = path if name == STDIN else Path(os.path.realpath(path))
            if real not in seen:
                seen.add(real)
                found.paths.append(path)
    return found


def _expand(name: str, found: Discovery) -> list[Path]:
    """The files that one name stands for."""
    path = Path(name)
    if name == STDIN:
        return [path]
    if path.is_dir():
        return _in_folder(path, found)
    if path.exists() or path.is_symlink():
        return [path]
    if matches := sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 - absolute too
        return [file for match in matches for file in _expand(match, found)]
    raise SourceError(
        "no such file or folder", hint="give a log file, a folder, a glob, or -", location=name
    )


def _in_folder(folder: Path, found: Discovery) -> list[Path]:
    """All files below ``folder`` that are named like logs."""
    files, entries = [], 0
    for path in _walk(folder, found):
        entries += 1
        if is_log_name(path.name) and _is_file(path):
            files.append(path)
        if len(files) >= MAX_FILES or entries >= MAX_ENTRIES:
            found.notes.append(f"{folder}: stopped after {entries} files; name the logs instead")
            break
    if not files:
        raise SourceError(
            f"no log among {entries} files (looked for *.log, *.out, *.err, *.txt, stdout, stderr)",
            hint="name the log file itself",
            location=str(folder),
        )
    return sorted(files, key=_natural)


def is_log_name(name: str) -> bool:
    """Is it named like a log or like another witness?"""
    return bool(_LOG_NAME.search(name) and not _NEVER.match(name)) or is_witness_name(name)


def _is_file(path: Path) -> bool:
    """A pipe would block; a dangling link is kept, so that it is reported as unreadable."""
    return path.is_file() or path.is_symlink()


def _walk(folder: Path, found: Discovery) -> Iterator[Path]:
    """Every file below ``folder``; links to folders are not followed, so loops cannot be."""

    def note(error: OSError) -> None:
        found.notes.append(f"{error.filename}: cannot be read: {error.strerror}")

    for root, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in names:
            yield Path(root, name)


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Sort key that puts rank 2 before rank 10."""
    return [
        (0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", str(path))
    ]
