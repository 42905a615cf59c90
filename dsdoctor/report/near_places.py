"""Names the files of a report as seen from here, before a redactor takes users out of paths.

A CI system annotates ``train.py`` of the project. It would not know ``/home/user-1/x/train.py``
again, and a path that is still relative to a folder elsewhere would bring the user's name back
when a renderer completes it.
"""

from __future__ import annotations

import os

from dsdoctor.model import Report
from dsdoctor.redact.report import rewritten
from dsdoctor.report.places import USER_FRAME, project_folder, project_path

_FILES = frozenset(
    {("Evidence", "file"), ("TimelineEntry", "file"), ("RankRow", "file"), ("Excerpt", "file")}
    | {("Change", "file"), ("Change", "written"), ("SmokeRun", "log"), ("SmokeRun", "config")}
)


def with_near_places(report: Report) -> Report:
    """The report with files of the project relative to this folder, and others absolute."""
    return rewritten(report, _near)


def _near(owner: str, field: str, text: str) -> str:
    if (owner, field) in _FILES:
        return near_path(text)
    if (owner, field) == ("Finding", "user_frame") and (match := USER_FRAME.match(text)):
        return near_path(match[1]) + text[match.end(1) :]
    return text


def near_path(file: str) -> str:
    """``file`` relative to this folder if it is part of the project, else absolute.

    What is neither absolute nor leads upwards may be no file at all and stays.
    """
    if not os.path.isabs(file) and ".." not in file.split("/"):  # noqa: PTH117
        return file
    path = project_path(file)
    if os.path.isabs(path):  # noqa: PTH117
        return path
    return os.path.relpath(os.path.join(project_folder(), path))  # noqa: PTH118
