"""Writes a tar.zst: the same bytes for the same contents, never over a file, never half."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import zstandard

from dsdoctor.cli.bundle_contents import Member
from dsdoctor.errors import UsageError

LEVEL = 6
SPOOL_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """A member as it went in."""

    name: str
    origin: str
    bytes: int
    sha256: str


def write_archive(
    output: Path, members: Sequence[Member], manifest: Callable[[list[Packed]], str]
) -> int:
    """Create ``output`` and return its size.

    Raises:
        UsageError: it exists by now, or cannot be written; then nothing is left behind.
    """
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                _fill(file, members, manifest)
                file.flush()
                os.fsync(file.fileno())
            size = Path(name).stat().st_size
            _name_it(Path(name), output)
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError:
        raise UsageError(
            "the file exists and is left alone",
            hint="name another one with -o",
            location=str(output),
        ) from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", location=str(output)) from None
    return size


def _name_it(temporary: Path, output: Path) -> None:
    """Give the finished file its name; a link, unlike a move, fails if somebody was faster."""
    try:
        os.link(temporary, output)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: reserve the name, then move over it
        output.open("xb").close()
        temporary.replace(output)


def _fill(
    file: IO[bytes], members: Sequence[Member], manifest: Callable[[list[Packed]], str]
) -> None:
    packed: list[Packed] = []
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with (
        compressor.stream_writer(file, closefd=False) as stream,
        tarfile.open(
            fileobj=cast("IO[bytes]", stream), mode="w|", format=tarfile.PAX_FORMAT
        ) as tar,
    ):
        for member in members:
            with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
                member.write(cast("IO[bytes]", spool))
                packed.append(_add(tar, member, cast("IO[bytes]", spool)))
        data = manifest(packed).encode()
        tar.addfile(_entry("MANIFEST.json", len(data)), io.BytesIO(data))


def _add(tar: tarfile.TarFile, member: Member, content: IO[bytes]) -> Packed:
    size = content.tell()
    content.seek(0)
    digest = hashlib.sha256()
    while data := content.read(1 << 20):
        digest.update(data)
    content.seek(0)
    tar.addfile(_entry(member.name, size), content)
    return Packed(member.name, member.origin, size, digest.hexdigest())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    """Without time, owner and anything else that differs from day to day."""
    entry = tarfile.TarInfo(f"dsdoctor-bundle/{name}")
    entry.size, entry.mtime, entry.mode = size, 0, 0o644
    return entry
