"""Reads torchelastic's ``error.json``: the exception of one process, as ``@record`` wrote it.

Current shape: ``{"message": {"message": "KeyError: 'x'", "extraInfo": {"py_callstack": "...",
"timestamp": "1769853600"}}}``; older ones have a string as message, which may be a whole
traceback. The traceback is read as if it were a log, so the rules apply to it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dsdoctor.errors import SourceError
from dsdoctor.logs.compression import codec_errors, open_log
from dsdoctor.logs.filename import origin_of_name
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.traceback import HEADER
from dsdoctor.logs.witness import host_of
from dsdoctor.model import Origin

MAX_BYTES = 4 << 20
"""torch writes one traceback; what is longer is something else, or damaged."""
MAX_STRING = 256 * 1024
"""Characters of one string that are made out in damaged JSON."""
NEWEST = 4_102_444_800
"""A timestamp beyond the year 2100 is none."""

_PLACE = re.compile(r"attempt_\d+/(?P<local_rank>\d{1,6})/[^/]*$")
_RANK = re.compile(r"rank[_.-]?(?P<rank>\d{1,6})(?=[._-])")
_STRING_REST = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_KEYS = {
    name: re.compile(rf'"{key}"\s{{0,8}}:\s{{0,8}}"')
    for name, key in (("stack", "py_callstack"), ("message", "message"))
}
_STAMP = re.compile(r'"timestamp"\s*:\s*"?(\d{1,12})')

Zone = Callable[[float], datetime]


@dataclass(frozen=True, slots=True)
class ErrorFile:
    """What such a file says. ``stamp`` is in seconds since 1970, 0 if it does not say."""

    message: str = ""
    stack: str = ""
    stamp: int = 0
    note: str = ""

    @property
    def text(self) -> str:
        """The traceback, or one without frames around the bare message."""
        if self.stack.strip():
            return self.stack.rstrip() + "\n"
        if not self.message.strip() or HEADER in self.message:
            return self.message.rstrip() + "\n" if self.message.strip() else ""
        return f"{HEADER}:\n{self.message.rstrip()}\n"


def utc(stamp: float) -> datetime:
    """The time in UTC, naive like all times of logs."""
    return datetime.fromtimestamp(stamp, tz=timezone.utc).replace(tzinfo=None)


def read_error_json(path: Path, matcher: Matcher, zone: Zone = utc) -> LogRecord:
    """The record of one file; its lines are those of the traceback within.

    Args:
        path: the file; torchrun's folders name the local rank.
        matcher: the rules.
        zone: turns the file's seconds into the time that the logs of the job print.
    """
    name = str(path)
    try:
        with open_log(path) as stream:
            data = stream.read(MAX_BYTES + 1)
    except SourceError as error:
        return LogRecord(name, notes=(str(error),))
    except codec_errors() as error:
        return LogRecord(name, notes=(f"{name}: damaged or cut: {type(error).__name__}: {error}",))
    found = parse_error_json(data)
    notes = (f"{name}: {found.note}",) if found.note else ()
    origin = _origin(path, found.stamp, zone)
    text = found.text.encode("utf-8", "replace")
    reader = LogReader(matcher, name, origin, zone(found.stamp).year)
    record = reader.read(io.BytesIO(text).read, lambda _: None)
    return replace(record, notes=(*record.notes, *notes))


def parse_error_json(data: bytes) -> ErrorFile:
    """Read the file's text, and where it is cut or damaged what can be read of it."""
    if not data.strip(b" \t\r\n\0"):
        return ErrorFile(note="is empty")
    text = data[:MAX_BYTES].decode("utf-8", "replace").replace("\0", "")
    if len(data) > MAX_BYTES:
        return _salvaged(text, f"longer than {MAX_BYTES >> 20} MiB, only its start was read")
    try:
        # strict=False lets raw line feeds pass, which other writers leave in strings
        return _shaped(json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return _salvaged(text, "no complete JSON, read as far as it goes")


def _shaped(value: Any) -> ErrorFile:
    """Either shape, as long as there is a message in it."""
    inner = value.get("message") if isinstance(value, dict) else None
    if isinstance(inner, str):
        return ErrorFile(message=inner, stamp=_stamp(value.get("timestamp")))
    if not isinstance(inner, dict):
        return ErrorFile(note="has no message as torchelastic writes it")
    extra = inner.get("extraInfo")
    extra = extra if isinstance(extra, dict) else {}
    message, stack = inner.get("message"), extra.get("py_callstack")
    return ErrorFile(
        message=message if isinstance(message, str) else "",
        stack=stack if isinstance(stack, str) else "",
        stamp=_stamp(extra.get("timestamp")),
    )


def _salvaged(text: str, note: str) -> ErrorFile:
    """The strings that can be made out in damaged JSON."""
    found = {}
    for name, pattern in _KEYS.items():
        key = pattern.search(text)
        piece = text[key.end() : key.end() + MAX_STRING] if key else ""
        rest = _STRING_REST.match(piece)
        found[name] = _unescaped(rest[0]) if rest else ""
    stamp = _STAMP.search(text)
    return ErrorFile(**found, stamp=_stamp(stamp[1]) if stamp else 0, note=note)


def _unescaped(text: str) -> str:
    """The string that JSON writes as ``text``; as it stands if that makes no sense."""
    cut = re.sub(r"\\u[0-9a-fA-F]{0,3}$", "", text)
    try:
        return str(json.loads(f'"{cut}"', strict=False))
    except ValueError:
        return cut.replace("\\n", "\n")


def _stamp(value: object) -> int:
    """Seconds since 1970; torch writes them as a string."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return int(text) if text.isdecimal() and len(text) < 12 and int(text) < NEWEST else 0


def _origin(path: Path, stamp: int, zone: Zone) -> Origin:
    """Who wrote it: torchrun's folder names the local rank, other names perhaps the rank."""
    place, rank = _PLACE.search(path.as_posix()), _RANK.search(path.name)
    named = origin_of_name(path.as_posix())
    return Origin(
        rank=int(rank["rank"]) if rank else named.rank,
        local_rank=int(place["local_rank"]) if place else named.local_rank,
        host=named.host or host_of(path.parent if place else path),
        time=zone(stamp) if stamp else None,
    )
