"""Stops decompression that would never end: a file of a few kilobytes can claim to be terabytes."""

from __future__ import annotations

import io
from typing import IO, BinaryIO

FREE = 256 << 20
"""Bytes that any file may expand to: some three seconds."""
MOST = 200
"""How many times its own size a file may expand to beyond that."""


class ExpansionError(OSError):
    """A file expands to more than a log would."""


class Counted(io.RawIOBase):
    """Counts what is read from ``stream``, which may be a pipe that cannot tell."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.count = 0

    def readable(self) -> bool:
        """As asked for by what reads from it."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes."""
        data = self._stream.read(size)
        self.count += len(data)
        return data


class Bounded(io.RawIOBase):
    """Reads from a decompressor as long as that is in proportion to what it was fed.

    Args:
        stream: the decompressor.
        source: what it reads from.
    """

    def __init__(self, stream: IO[bytes], source: Counted) -> None:
        self._stream = stream
        self._source = source
        self._done = 0

    def readable(self) -> bool:
        """As asked for by what reads from it."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes.

        Raises:
            ExpansionError: it is out of all proportion.
        """
        if self._done > FREE and self._done > MOST * self._source.count:
            raise ExpansionError(
                f"expands to more than {MOST} times its size; its first {FREE >> 20} MiB were read"
            )
        data = self._stream.read(size)
        self._done += len(data)
        return data
