"""Wraps one document so that it survives a launcher that mixes the output of many hosts.

pdsh throws away what goes beyond 128 kB of a line, mpirun puts its labels wherever its buffers
end, shells greet before a command speaks. Hence short lines of base64 between two marks, with a
checksum. Line ends mean nothing, so a line may be cut anywhere.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
import zlib
from collections.abc import Iterator

MAX_DOCUMENT = 16 * 1024 * 1024
WIDTH = 760
"""Characters in a line: short enough for every pipe and terminal on the way."""

_FIRST = re.compile(r"<<<dsdoctor-document\|([^|\s]{0,255})\|")
_LAST = re.compile(r"^\|([0-9a-f]{8})\|dsdoctor-end>>>")
_LONGEST_MARK = 300
_PIECE = re.compile(r"^[A-Za-z0-9+/=]*(?:\||\Z)")


def framed(document: bytes, host: str) -> Iterator[str]:
    """The lines that carry ``document``; ``host`` is what we call ourselves."""
    text = base64.b64encode(zlib.compress(document, 6)).decode()
    yield f"<<<dsdoctor-document|{host}|"
    for start in range(0, len(text), WIDTH):
        yield text[start : start + WIDTH]
    yield f"|{zlib.crc32(document):08x}|dsdoctor-end>>>"


class Unframer:
    """Puts the document of one host together; what else the host says is passed over.

    Args:
        limit: bytes that the document may have, since another host is not to be trusted.
    """

    def __init__(self, limit: int = MAX_DOCUMENT) -> None:
        self._limit = limit
        self._mark = ""
        self._parts: list[str] | None = None
        self._size = 0
        self.host = ""
        self.document: bytes | None = None
        self.finished = 0.0
        """When the document was whole, in seconds since the epoch by our clock."""
        self.problem = ""

    @property
    def done(self) -> bool:
        """Is there a document, or a reason why there will be none?"""
        return self.document is not None or bool(self.problem)

    @property
    def begun(self) -> bool:
        """Has the document begun to arrive?"""
        return self._parts is not None

    def feed(self, piece: str) -> None:
        """Take some of what the host printed, at most one line."""
        piece = piece.strip()
        if self.done:
            return
        if self._parts is None:
            self._begin(piece)
        elif self._mark:
            self._end(piece)
        elif match := _PIECE.match(piece):
            self._take(piece[: match.end()].rstrip("|"), self._parts)
            if match[0].endswith("|"):
                self._end(piece[match.end() - 1 :])

    def _begin(self, piece: str) -> None:
        """Look for the first mark, of which an earlier piece may have been the start."""
        text = self._mark + piece
        if match := _FIRST.search(text):
            self.host, self._parts, self._mark = match[1], [], ""
            self.feed(text[match.end() :])
        else:
            self._mark = text[-_LONGEST_MARK:]

    def _take(self, text: str, parts: list[str]) -> None:
        """Keep a piece of the document, within the limit."""
        parts.append(text)
        self._size += len(text)
        if self._size > 2 * self._limit:
            self._fail(f"more than {self._limit} bytes")

    def _end(self, piece: str) -> None:
        """Wait for the rest of the last mark."""
        self._mark += piece
        if match := _LAST.match(self._mark):
            self._finish("".join(self._parts or ()), int(match[1], 16))
        elif len(self._mark) > _LONGEST_MARK:
            self._fail("it is damaged")

    def _finish(self, text: str, checksum: int) -> None:
        """Decode; never unpack more than the limit."""
        unpacker = zlib.decompressobj()
        try:
            document = unpacker.decompress(base64.b64decode(text), self._limit + 1)
        except (binascii.Error, zlib.error):
            return self._fail("it is damaged")
        if len(document) > self._limit:
            return self._fail(f"more than {self._limit} bytes")
        if not unpacker.eof or zlib.crc32(document) != checksum:
            return self._fail("it is damaged")
        self.document, self._parts, self.finished = document, [], time.time()
        return None

    def _fail(self, problem: str) -> None:
        self.problem, self._parts = problem, []
