"""Reads all logs of a job, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from dsdoctor.errors import SourceError
from dsdoctor.logs.compression import codec_errors, decompressed, open_log
from dsdoctor.logs.discover import STDIN
from dsdoctor.logs.expansion import ExpansionError
from dsdoctor.logs.filename import origin_of_name
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord

Advance = Callable[[int], None]


def read_logs(
    paths: Iterable[Path], matcher: Matcher, advance: Advance = lambda _: None
) -> list[LogRecord]:
    """Read every log; what cannot be read becomes a note of its record.

    Args:
        paths: files, or ``-`` for standard input.
        matcher: the rules, arranged for the scan.
        advance: told the number of (decompressed) bytes done.

    Raises:
        SourceError: there is only one log and it cannot be opened.
    """
    paths = list(paths)
    return [_read(path, matcher, advance, alone=len(paths) == 1) for path in paths]


def _read(path: Path, matcher: Matcher, advance: Advance, *, alone: bool) -> LogRecord:
    """Read one log as far as it goes."""
    name = "<stdin>" if str(path) == STDIN else str(path)
    reader = LogReader(matcher, name, origin_of_name(path.as_posix()), _year(path))
    try:
        with _open(path) as stream:
            return reader.read(stream.read, advance)
    except SourceError as error:
        if alone:
            raise
        return reader.record(str(error))
    except ExpansionError as error:
        return reader.record(f"{name}: {error}")
    except codec_errors() as error:
        return reader.record(f"{name}: damaged or cut: {type(error).__name__}: {error}")


def _open(path: Path) -> AbstractContextManager[IO[bytes]]:
    if str(path) == STDIN:
        return decompressed(sys.stdin.buffer)
    return open_log(path)


def _year(path: Path) -> int:
    """The year for times that leave it out: that of the file, or now."""
    try:
        seconds = path.stat().st_mtime
    except OSError:
        return datetime.now(tz=timezone.utc).year
    return datetime.fromtimestamp(seconds, tz=timezone.utc).year
