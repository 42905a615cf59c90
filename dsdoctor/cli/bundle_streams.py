"""Reads a log for a bundle: only a regular file, without escapes, no line and no whole too long."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dsdoctor.errors import SourceError
from dsdoctor.logs.compression import decompressed

BLOCK_BYTES = 1 << 20
MAX_LINE = 64 * 1024
MAX_READ = 64 << 30
"""Bytes read of one log, decompressed; a small file can claim to hold terabytes."""

_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}\x07?|[@-Z\\-_])"
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_TOKEN = bytes(code for code in range(33, 127) if code not in b"\"',;&")


@contextmanager
def open_regular(path: Path, *, follow: bool) -> Iterator[IO[bytes]]:
    """Open a log, decompressed.

    Args:
        path: what to open.
        follow: whether it may be a link. What was found in a folder may not: between the search
            and now somebody could have put one there.

    Raises:
        SourceError: it cannot be opened, or is a pipe, a device or a folder.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=str(path)) from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SourceError("is no regular file", location=str(path))
        with decompressed(file) as stream:
            yield stream


def harmless(data: bytes) -> bytes:
    """Without colours and control characters: they could also cut a secret in two."""
    return (_ESCAPES.sub(b"", data) if b"\x1b" in data else data).translate(None, _CONTROLS)


class Lines:
    """Cuts what is read into blocks of whole lines, and lines that are too long."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropped = 0

    def feed(self, data: bytes) -> bytes:
        """The whole lines that are there now."""
        head = b""
        if self._dropped:
            end = data.find(b"\n")
            if end < 0:
                self._dropped += len(data)
                return b""
            head, data = _gap(self._dropped + end), data[end:]
            self._dropped = 0
        data = self._rest + data
        cut = data.rfind(b"\n") + 1
        lines, self._rest = data[:cut], data[cut:]
        if len(self._rest) > MAX_LINE:
            kept = _kept(self._rest)
            self._dropped, self._rest = len(self._rest) - len(kept), b""
            return head + _shortened(lines) + kept
        return head + _shortened(lines)

    def end(self) -> bytes:
        """What is left when all was read."""
        return _gap(self._dropped) if self._dropped else self._rest


def _gap(count: int) -> bytes:
    return b" [dsdoctor: %d more bytes of this line]" % count


def _shortened(lines: bytes) -> bytes:
    """The lines, each at most ``MAX_LINE`` long."""
    parts = lines.split(b"\n")
    if max(map(len, parts)) <= MAX_LINE:
        return lines
    return b"\n".join(part if len(part) <= MAX_LINE else _cut(part) for part in parts)


def _cut(line: bytes) -> bytes:
    kept = _kept(line)
    return kept + _gap(len(line) - len(kept))


def _kept(line: bytes) -> bytes:
    """The beginning of a long line; it ends with a word, since half a key is not known as one."""
    return line[:MAX_LINE].rstrip(_TOKEN)


def line_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """The log as blocks of whole lines, harmless."""
    lines, total = Lines(), 0
    while (data := stream.read(BLOCK_BYTES)) and total < MAX_READ:
        total += len(data)
        if block := lines.feed(data):
            yield harmless(block)
    if block := lines.end():
        yield harmless(block)


def windowed(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """At most about ``limit`` bytes: the first half and the last, and a line that says so.

    A block is never cut, so what is kept ends with a whole line.
    """
    room = limit // 2
    for block in blocks:
        yield block
        room -= len(block)
        if room <= 0:
            break
    tail: deque[bytes] = deque()
    held = left_out = 0
    for block in blocks:
        tail.append(block)
        held += len(block)
        while held - len(tail[0]) >= limit // 2:
            gone = tail.popleft()
            held -= len(gone)
            left_out += len(gone)
    if left_out:
        yield b"[dsdoctor: %d bytes left out here]\n" % left_out
    yield from tail
