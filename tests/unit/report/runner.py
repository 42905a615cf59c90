"""What GitHub's runner makes of a line that a step prints, after its documented command format.

``::name key=value,...::text`` at the start of a line, white space aside, and the older
``##[name key=value;...]text`` anywhere in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OBEYED = frozenset(
    {"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group"}
    | {"notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands"}
    | {"warning"}
)
_NEW = re.compile(r"\s*::(?P<name>[^\s:]*)(?: (?P<properties>.*?))?::(?P<text>.*)", re.DOTALL)
_OLD = re.compile(r"##(?:vso)?\[(?P<name>[^\s\]]*)")


@dataclass(frozen=True)
class Command:
    """What the runner would do."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    text: str = ""


def commands(output: str) -> list[Command]:
    """All commands in what a step printed. The runner ends a line at CR, LF or both."""
    found = [_parsed(line) for line in re.split(r"\r\n|\r|\n", output)]
    return [command for command in found if command]


def _parsed(line: str) -> Command | None:
    new = _NEW.fullmatch(line)
    if new and new["name"].lower() in OBEYED:
        pairs = (item.split("=", 1) for item in (new["properties"] or "").split(",") if "=" in item)
        properties = {name.strip(): _plain(value, ":", ",") for name, value in pairs}
        return Command(new["name"], properties, _plain(new["text"]))
    old = _OLD.search(line)
    return Command(f"old {old['name']}") if old else None


def _plain(text: str, *more: str) -> str:
    for sign in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text
