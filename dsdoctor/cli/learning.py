"""Shows a redactor what a command was given: a name that a report prints bare, a log explains."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from dsdoctor.cli.bundle_streams import Lines, harmless, open_regular
from dsdoctor.cli.given import Given
from dsdoctor.errors import SourceError
from dsdoctor.logs.compression import reading_errors
from dsdoctor.logs.discover import STDIN, discover
from dsdoctor.redact.private_keys import PrivateKeys
from dsdoctor.redact.redactor import Redactor

BUDGET = 32 << 20
"""Bytes of logs that are looked at in all: about three seconds."""
LEAST = 64 << 10
"""Bytes of each, half of them from its end."""
BLOCK = 1 << 20


def learn_given(redactor: Redactor, given: Given) -> None:
    """Note the hosts, users and keys on the command line and in the files that it names."""
    redactor.learn("\n".join(given.texts).encode("utf-8", "surrogateescape"))
    files = list(dict.fromkeys(_files(given.files)))
    share = max(LEAST, BUDGET // max(1, len(files)))
    for file in files[: BUDGET // share]:
        keys, lines = PrivateKeys(), Lines()
        for block in _ends(file, share):
            redactor.learn(harmless(lines.feed(block)), keys)
        redactor.learn(harmless(lines.end()), keys)


def _files(names: Iterable[str]) -> Iterator[Path]:
    """What ``names`` stand for, as the command finds it; it has complained of the rest."""
    for name in names:
        if name == STDIN:
            continue
        try:
            yield from discover([name]).paths
        except (SourceError, OSError):
            continue


def _ends(file: Path, limit: int) -> Iterator[bytes]:
    """The beginning and the end of a log, in blocks; of a compressed one the beginning."""
    try:
        with open_regular(file, follow=True) as stream:
            yield from _blocks(stream, limit // 2)
            rest = file.stat().st_size - limit // 2
            if isinstance(stream, io.BufferedReader) and rest > 0:
                yield b"\n"
                stream.seek(max(-rest, -(limit // 2)), os.SEEK_END)
                yield from _blocks(stream, limit // 2)
    except reading_errors():
        return


def _blocks(stream: IO[bytes], limit: int) -> Iterator[bytes]:
    """At most ``limit`` bytes."""
    while limit > 0 and (data := stream.read(min(BLOCK, limit))):
        limit -= len(data)
        yield data
