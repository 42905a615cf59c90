"""What several targets share: the pack, captured files, a log record from bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT / "fixtures" / "cases"
NUL = b"\0"


@cache
def pack() -> Pack:
    """The rules of this checkout."""
    return load_pack()


@cache
def matcher() -> Matcher:
    """One matcher for all inputs: it keeps nothing of the logs it saw."""
    return Matcher(pack())


def record_of(data: bytes, name: str = "job.log", origin: Origin | None = None) -> LogRecord:
    """The record of a log."""
    reader = LogReader(matcher(), name, origin or Origin(), 2026)
    return reader.read(io.BytesIO(data).read, lambda _: None)


def files(*patterns: str, below: Path = ROOT, most: int = 300) -> Iterator[bytes]:
    """The content of files of the repository."""
    for pattern in patterns:
        for path in sorted(below.glob(pattern))[:most]:
            yield path.read_bytes()


def plain_seeds(contents: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Seeds of a target whose first byte 0 says: the rest is the input itself; long ones cut."""
    for data in contents:
        for start in range(0, min(len(data), 4 * size), size):
            yield NUL + data[start : start + size]
