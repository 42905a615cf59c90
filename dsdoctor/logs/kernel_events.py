"""Keeps the events of a kernel log apart: by rule, process, device, host and hour."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dsdoctor.logs.kernel_fields import OOM, is_victim
from dsdoctor.model import Event

Key = tuple[str, ...]
MAX_KEPT = 4_000
"""Different events kept: rule times process times device times hour."""


@dataclass(slots=True)
class KeptEvents:
    """Events by rule, process and device: the first of each, the last line, how many."""

    events: dict[Key, Event] = field(default_factory=dict)
    dropped: int = 0

    def again(self, keys: tuple[Key, ...], number: int) -> None:
        """Count line ``number``, which says what an earlier one said."""
        for key in keys:
            first = self.events.get(key)
            if first is not None:
                self.events[key] = replace(first, count=first.count + 1, last_line=number)

    def add(self, event: Event) -> bool:
        """Take an event; False if it is only counted.

        Of an OOM kill the line that names the victim is the one to keep.
        """
        key = key_of(event)
        first = self.events.get(key)
        if first is None and len(self.events) >= MAX_KEPT:
            self.dropped += 1
            return False
        if first is None or (is_victim(event) and not is_victim(first)):
            self.events[key] = replace(event, last_line=event.line)
            return True
        if event.rule != OOM:
            self.events[key] = replace(first, count=first.count + 1, last_line=event.line)
        return False

    def all(self) -> list[Event]:
        """The events, first to last; an announcement of a kill only where no victim is named."""
        named = any(e.rule == OOM and "killed_pid" in e.fields for e in self.events.values())
        kept = [
            event
            for event in self.events.values()
            if not named or event.rule != OOM or "killed_pid" in event.fields
        ]
        return sorted(kept, key=lambda event: event.line)


def key_of(event: Event) -> Key:
    """What tells one event from another: rule, process, device, host and hour."""
    fields = event.fields
    who = fields.get("killed_pid") or fields.get("pid") or fields.get("task") or ""
    # a device may fail every week: what happened in the job's time must not hide behind the first
    hour = f"{event.writer.time:%Y%m%d%H}" if event.writer.time else ""
    where = fields.get("bus") or fields.get("device") or fields.get("server") or ""
    pattern = "" if event.rule == OOM else str(event.pattern)
    return event.rule, pattern, who, where, fields.get("xid", ""), event.writer.host or "", hour
