"""Where a finding is, as CI systems want it: a path within the project and a line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.model import Finding
from dsdoctor.report.wording import one_line

PROJECT_FOLDERS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""What GitHub and GitLab call the folder that paths in reports are relative to."""
MAX_PATH = 1000
USER_FRAME = re.compile(r"(.{1,1000}?):(\d{1,8}) in ")


@dataclass(frozen=True, slots=True)
class Place:
    """``line`` is 0 where the whole file is meant; ``is_file`` is false of a name that is none."""

    path: str
    line: int
    is_file: bool = True


def place_of(finding: Finding, command: str) -> Place:
    """The user's own line if it lies in the project, else the first evidence in a file.

    Most of a machine's problems stand in no file, and some formats insist on one: they get a
    name such as ``preflight/node-1``.
    """
    if found := _in_project(finding.user_frame):
        return found
    named = [item for item in finding.evidence if item.file]
    there = (item for item in named if os.path.isfile(item.file))  # noqa: PTH113
    # Evidence may also be "command line", or a log on another host.
    if first := next(there, next(iter(named), None)):
        return Place(project_path(first.file), max(0, first.line))
    host = one_line(finding.hosts[0], 255) if finding.hosts else ""
    return Place(f"{command}/{host or 'job'}", 0, is_file=False)


def project_path(file: str) -> str:
    """``file`` relative to the project where it lies below it, else absolute."""
    path = os.path.normpath(os.path.join(os.getcwd(), one_line(file, MAX_PATH)))  # noqa: PTH109, PTH118
    base = project_folder()
    if path == base:
        return "."
    return path[len(base) + 1 :] if path.startswith(base + os.sep) else path


def project_folder() -> str:
    """The folder that the CI system names if this is it or below it, else the current one."""
    here = os.getcwd()  # noqa: PTH109
    named = (os.environ.get(name, "").rstrip("/") for name in PROJECT_FOLDERS)
    return next((base for base in named if base and f"{here}/".startswith(f"{base}/")), here)


def _in_project(frame: str) -> Place | None:
    """The place of ``/path/train.py:8 in main → ...`` if that file is part of the project."""
    match = USER_FRAME.match(frame)
    if match is None:
        return None
    path = project_path(match[1])
    if os.path.isabs(path) or not (Path(project_folder()) / path).is_file():  # noqa: PTH117
        return None
    return Place(path, int(match[2]))
