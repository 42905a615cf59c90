"""Cuts a stream of bytes into blocks that end at line ends, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK_BYTES = 1 << 20
"""Bytes read at once. Larger blocks were not faster and cost memory."""

OVERLAP = 4096
"""Bytes repeated when a line is longer than a block, so that no anchor is cut in two."""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a log: its bytes, and the 1-based number of its first line."""

    data: bytes
    first_line: int
    is_last: bool


def read_blocks(read: Callable[[int], bytes]) -> Iterator[Block]:
    """Cut what ``read`` gives into blocks of whole lines.

    Args:
        read: like ``file.read``: at most n bytes, empty at the end.

    Yields:
        Blocks in order. A line longer than ``BLOCK_BYTES`` comes in overlapping pieces.
    """
    number, rest = 1, b""
    while data := read(BLOCK_BYTES):
        data = rest + data
        cut = data.rfind(b"\n") + 1
        if cut:
            block, rest = data[:cut], data[cut:]
        else:
            block, rest = data, data[-OVERLAP:] if len(data) > BLOCK_BYTES else data
            if rest is data:
                continue
        yield Block(block, number, is_last=False)
        number += block.count(b"\n")
    yield Block(rest, number, is_last=True)


def line_bounds(data: bytes, offset: int) -> tuple[int, int]:
    """Start and end of the piece of a line around ``offset``.

    Carriage returns count as ends: a progress bar rewrites its line hundreds of times, and a
    message printed into it must not drag all of them along.
    """
    start = max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1
    line_end = data.find(b"\n", offset)
    line_end = len(data) if line_end < 0 else line_end
    piece_end = data.find(b"\r", offset, line_end)
    return start, line_end if piece_end < 0 else piece_end
