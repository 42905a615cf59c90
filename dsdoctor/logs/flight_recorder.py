"""Reads the dumps of torch's flight recorder: what each rank enqueued, and how far it got.

Format: torch csrc/distributed/c10d/FlightRecorder.hpp, versions 1.x (torch 2.2, 2.3) and 2.x
(torch 2.4 on), as a pickle or as JSON. The file may have any name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dsdoctor.errors import SourceError
from dsdoctor.logs.recorder_entries import Entry, Group, as_text, entries_of, groups_of
from dsdoctor.logs.safe_pickle import MAX_BYTES, load_plain

KNOWN_MAJORS = ("1", "2")
MAX_JSON_CONTAINERS = 1_500_000
MAX_ENTRIES = 50_000
MAX_KEPT = 300_000
"""Entries of all dumps together."""
MIN_KEPT = 100

_RANK = re.compile(r"(?i)rank[_.-]?(\d{1,9})(?!\d)(?!.*rank[_.-]?\d)")
_LAST_DIGITS = re.compile(r"(?<!\d)(\d{1,9})$")
_ENDING = re.compile(r"(?i)(?:\.(?:json|pkl|pickle|dump|trace|bin|dat|txt))+$")
_MARKS = (b"pg_config", b"collective_seq_id", b"profiling_name", b"comm_lib_version")


class DumpError(SourceError):
    """The file is no dump of the flight recorder, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Dump:
    """What one rank recorded, oldest first.

    ``rank`` is None where neither the dump nor its name tells. ``written_ns`` is the file's time.
    ``skipped`` counts entries that made no sense.
    """

    name: str
    rank: int | None
    version: str
    entries: tuple[Entry, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    comm_version: str = ""
    written_ns: int = 0
    skipped: int = 0

    @property
    def from_the_start(self) -> bool:
        """Is the first thing the rank recorded still there, not yet overwritten?"""
        return not self.entries or self.entries[0].record_id == 0


def looks_like_dump(path: Path, head: bytes) -> bool:
    """May this be a dump?

    Args:
        path: the file; only its name is looked at.
        head: its first bytes, 1 KB or so.
    """
    if path.suffix.lower() in (".pt", ".pth", ".ckpt", ".safetensors"):
        return False
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return b"pg_config" in head or (b"entries" in head and b"version" in head)
    if not head.lstrip().startswith(b"{"):
        return False
    return b'"pg_config"' in head or (b'"entries"' in head and any(mark in head for mark in _MARKS))


def read_dumps(paths: Sequence[Path]) -> tuple[list[Dump], list[str]]:
    """Read all dumps of a job, and a note for each that cannot be read.

    Of many dumps only the newest entries are kept, so that memory stays bounded.
    """
    keep = max(MIN_KEPT, MAX_KEPT // max(1, len(paths)))
    read = [_read_or_note(path, keep) for path in paths]
    dumps = [item for item in read if isinstance(item, Dump)]
    return dumps, [item for item in read if isinstance(item, str)]


def _read_or_note(path: Path, keep: int) -> Dump | str:
    try:
        return read_dump(path, keep)
    except SourceError as error:
        return str(error)


def read_dump(path: Path, keep: int = MAX_ENTRIES) -> Dump:
    """Read one dump.

    Args:
        path: a pickle or JSON of any name.
        keep: how many entries to keep, of the newest.

    Raises:
        DumpError, UnsafePickleError: one sentence on why it cannot be read.
    """
    name = str(path)
    try:
        with path.open("rb") as stream:
            data, written = stream.read(MAX_BYTES + 1), path.stat().st_mtime_ns
    except OSError as error:
        raise DumpError(f"cannot be read: {error.strerror}", location=name) from None
    if len(data) > MAX_BYTES:
        raise DumpError(f"is larger than {MAX_BYTES >> 20} MiB; not read", location=name)
    raw = load_plain(data, name) if data[:1] == b"\x80" else _json(data, name)
    return _dump(raw, name, written, min(keep, MAX_ENTRIES))


def _json(data: bytes, name: str) -> object:
    """The value of a JSON text, if it is of a bearable size."""
    if not data.strip():
        raise DumpError("the dump is empty", location=name)
    if data.count(b"[") + data.count(b"{") > MAX_JSON_CONTAINERS:
        raise DumpError("the JSON holds too many parts; not read", location=name)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DumpError(f"is neither a pickle nor JSON: {error}", location=name) from None


def _dump(raw: object, name: str, written: int, keep: int) -> Dump:
    """Check the outermost keys and read the rest."""
    if not isinstance(raw, dict) or not isinstance(raw.get("entries", []), (list, tuple)):
        raise DumpError("holds no flight-recorder dump", location=name)
    version = as_text(raw.get("version"))
    if not version or not {"entries", "pg_config", "pg_status"} & raw.keys():
        raise DumpError("holds no flight-recorder dump (no version or entries)", location=name)
    if version.partition(".")[0] not in KNOWN_MAJORS:
        raise DumpError(f"is a dump of version {version}, which is not known here", location=name)
    newest = list(raw.get("entries", ()))[-keep:]
    entries = entries_of(newest)
    groups = groups_of(raw.get("pg_config"))
    return Dump(
        name=name,
        rank=_rank(raw, name, {rank for group in groups.values() for rank in group.ranks}),
        version=version,
        entries=entries,
        groups=groups,
        comm_version=as_text(raw.get("comm_lib_version") or raw.get("nccl_version")),
        written_ns=written,
        skipped=len(newest) - len(entries),
    )


def _rank(raw: Mapping[str, object], name: str, ranks: set[int]) -> int | None:
    """The rank as the dump says it, else as its name does."""
    said = raw.get("rank")
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said
    return rank_of_name(Path(name).name, ranks)


def rank_of_name(name: str, ranks: Collection[int] = ()) -> int | None:
    """The rank that a file name ends in.

    torch puts the rank straight after the prefix the user chose: ``run12`` + ``3`` is ``run123``.
    Where the ranks of the job are known, as many of the last digits count as make one of them.
    """
    stem = _ENDING.sub("", name)
    match = _RANK.search(stem) or _LAST_DIGITS.search(stem)
    if match is None:
        return None
    digits = match[1]
    ends = [digits[start:] for start in range(len(digits))]
    fitting = [int(end) for end in ends if int(end) in ranks and str(int(end)) == end]
    return fitting[0] if fitting else int(digits)
