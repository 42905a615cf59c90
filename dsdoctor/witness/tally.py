"""What the relay has moved so far, in memory that dsdoctor sees too."""

from __future__ import annotations

import mmap
import struct

_COUNT = struct.Struct("=Q")
_LINE_END = 8


class Tally:
    """Written by the relay, read by dsdoctor; make it before the relay is forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._memory[_LINE_END] = 1

    @property
    def moved(self) -> int:
        """Bytes that the job printed."""
        count: int = _COUNT.unpack_from(self._memory)[0]
        return count

    @property
    def at_line_start(self) -> bool:
        """Was the last of them the end of a line? So a message of ours begins on its own line."""
        return self._memory[_LINE_END] == 1

    def add(self, chunk: bytes) -> None:
        """Note what was moved. One caller at a time."""
        _COUNT.pack_into(self._memory, 0, self.moved + len(chunk))
        self._memory[_LINE_END] = chunk.endswith(b"\n")
