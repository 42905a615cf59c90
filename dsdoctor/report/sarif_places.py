"""SARIF's way to say where something is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from dsdoctor.model import Evidence
from dsdoctor.report.places import Place, project_path
from dsdoctor.report.wording import one_line


def location(place: Place, snippet: str = "", message: str = "") -> dict[str, Any]:
    """A location; GitHub wants a line in each, so a whole file is its first line."""
    region: dict[str, Any] = {"startLine": max(1, place.line)}
    if snippet:
        region["snippet"] = {"text": one_line(snippet, 400)}
    physical = {"artifactLocation": _artifact(place), "region": region}
    return {"physicalLocation": physical} | ({"message": {"text": message}} if message else {})


def place_of_evidence(item: Evidence) -> Place:
    """Where a line of evidence stands."""
    return Place(project_path(item.file or "unknown"), item.line)


def _artifact(place: Place) -> dict[str, str]:
    """A path of the project is relative to its root; others are file URIs."""
    if PurePosixPath(place.path).is_absolute():
        return {"uri": f"file://{quote('/' + place.path.lstrip('/'))}"}
    return {"uri": quote(place.path), "uriBaseId": "%SRCROOT%"}
