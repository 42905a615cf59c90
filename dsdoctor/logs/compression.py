"""Opens logs by what their first bytes say, not by their name: compressed, UTF-16, plain."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from dsdoctor.errors import SourceError
from dsdoctor.logs.expansion import Bounded, Counted

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"

_UTF16 = (b"\xff\xfe", b"\xfe\xff")

MAGIC_BYTES = 6


def codec_errors() -> tuple[type[Exception], ...]:
    """What reading raises where a file is damaged or cut, or its disk fails.

    For use in ``except``: by the time it is asked, a decompressor that raised is loaded.
    """
    zstandard = sys.modules.get("zstandard")
    more = (zstandard.ZstdError,) if zstandard else ()
    return (OSError, EOFError, zlib.error, lzma.LZMAError, *more)


def reading_errors() -> tuple[type[Exception], ...]:
    """What opening or reading a file raises."""
    return (SourceError, *codec_errors())


@contextmanager
def open_log(path: Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for reading, decompressing on the fly.

    Raises:
        SourceError: the file cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", location=str(path)) from None
    # the decompressors do not close what they read from
    with file, decompressed(file) as stream:
        yield stream


def decompressed(stream: BinaryIO) -> IO[bytes]:
    """Wrap ``stream`` in the decompressor that its first bytes ask for."""
    if isinstance(stream, io.BufferedReader):
        buffered = stream
    else:  # in-memory streams, as tests and pipes give them
        buffered = io.BufferedReader(cast("io.RawIOBase", stream), 1 << 16)
    magic = buffered.peek(MAGIC_BYTES)[:MAGIC_BYTES]
    source = Counted(buffered)
    if decoder := _decoder(magic, source):
        return cast("IO[bytes]", Bounded(decoder, source))
    if magic.startswith(_UTF16):
        return cast("IO[bytes]", _Utf16(buffered))
    return cast("IO[bytes]", buffered)


def _decoder(magic: bytes, source: Counted) -> IO[bytes] | None:
    """What decompresses a file that begins with ``magic``."""
    stream = cast("BinaryIO", source)
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if magic.startswith(_BZIP2) and magic[3:4].isdigit():
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if magic.startswith(_XZ):
        return cast("IO[bytes]", lzma.LZMAFile(stream))
    return _zstd(stream) if magic.startswith(_ZSTD) else None


def _zstd(stream: BinaryIO) -> IO[bytes]:
    """Imported only here: most logs are not zstd, and start-up counts."""
    import zstandard

    # 128 MiB of window is zstd's own limit for a decoder that was not told otherwise.
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    return cast("IO[bytes]", decoder.stream_reader(stream, read_across_frames=True))


class _Utf16(io.RawIOBase):
    """Reads UTF-16, which PowerShell's ``>`` writes, as UTF-8."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="")

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` characters, as UTF-8."""
        return self._text.read(size).encode("utf-8", "replace")
