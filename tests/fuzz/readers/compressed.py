"""Opening of logs by their first bytes: gzip, bzip2, xz, zstd, UTF-16, plain."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Iterator

import zstandard

from dsdoctor.logs.blocks import read_blocks
from dsdoctor.logs.compression import codec_errors, decompressed
from tests.fuzz.target import Target

MAX_READ = 4 << 20
LOG = b"Traceback (most recent call last):\nRuntimeError: boom\n" * 4


def run(data: bytes) -> None:
    """Read some megabytes of what comes out; blocks stay small and lines are counted."""
    stream, left, number = decompressed(io.BytesIO(data)), MAX_READ, 1

    def read(size: int) -> bytes:
        nonlocal left
        piece = stream.read(size) if left > 0 else b""
        assert len(piece) <= 4 * size, "more than was asked for"
        left -= len(piece)
        return piece

    try:
        for block in read_blocks(read):
            assert block.first_line >= number
            number = block.first_line
    except codec_errors():
        return


def seeds() -> Iterator[bytes]:
    """The same log in every coat, whole and cut, and with bombs inside."""
    for log in (LOG, b"x" * (8 << 20)):
        packers = (gzip.compress, bz2.compress, lzma.compress, zstandard.compress)
        coats = [pack(log) for pack in packers]
        coats += [log[:512], log[:512].decode().encode("utf-16")]
        for coat in coats:
            yield coat[:8192]
            yield coat[: min(len(coat) // 2, 8192)]


TARGET = Target("compression", run, seeds, lambda: ["\x1f\x8b\x08", "BZh9", "(\xb5/\xfd"], 4096)
