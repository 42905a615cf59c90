"""Reads a configuration from a file or from standard input, within bounds."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

from dsdoctor.errors import SourceError
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.tree import Document

STDIN = "-"
MAX_BYTES = 4 << 20
"""Real configurations have a few kilobytes."""

_SAVE = "save it as UTF-8"
# UTF-32 first: its little-endian mark starts with that of UTF-16
_OTHER_MARKS = (
    ("UTF-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("UTF-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)


def read_document(path: Path | str) -> Document:
    """The configuration in ``path``; ``-`` is standard input.

    Raises:
        SourceError: it cannot be read, or is no configuration that DeepSpeed could read.
    """
    name = "<stdin>" if str(path) == STDIN else str(path)
    try:
        data = _bytes(path)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=name) from None
    if len(data) > MAX_BYTES:
        raise SourceError(
            f"longer than {MAX_BYTES >> 20} MiB: no DeepSpeed configuration", location=name
        )
    return parse(decode(data, name), name)


def decode(data: bytes, name: str) -> str:
    """The text of a file; a byte order mark stays in it, as DeepSpeed passes over it.

    Raises:
        SourceError: it is no UTF-8, or no text at all.
    """
    for encoding, marks in _OTHER_MARKS:
        if data.startswith(marks):
            raise SourceError(f"is {encoding}, not UTF-8", hint=_SAVE, location=f"{name}:1:1")
    if b"\0" in data:
        where = _location(data, data.index(b"\0"), name)
        raise SourceError("a NUL byte: no text, or UTF-16", hint=_SAVE, location=where)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _location(data, error.start, name)
        byte = f"0x{data[error.start]:02x}"
        raise SourceError(f"byte {byte} is not UTF-8", hint=_SAVE, location=where) from None


def _bytes(path: Path | str) -> bytes:
    """The file's content, one byte beyond the limit at most."""
    if str(path) == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(path).open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _location(data: bytes, offset: int, name: str) -> str:
    """Line and column of a byte in what is no valid text."""
    before = data[:offset].decode("utf-8", "replace").removeprefix("\ufeff")
    line = before.count("\n") + 1
    return f"{name}:{line}:{len(before) - before.rfind(chr(10))}"
